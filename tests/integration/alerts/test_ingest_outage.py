"""Kafka away, or the fold not there yet: 503, and a repeat of the batch tells the whole of it."""

import os
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager

import pytest
from alerts_parts import Alerts, a_customer, a_number, assigned
from doorway_parts import Doorway, comes_to
from ingest_api import LogReader, Mediation, a_call, mediation_of, now

from holdfast.chaos.parts import Parts
from holdfast.tokens import Issuer
from services.alerts.handlers.on_identity_assigned import on_identity_assigned
from services.alerts.store import identity
from services.alerts.store import usage_log as log_store
from shared.database import unit_of_work
from shared.events import envelope
from shared.events.catalogue import IDENTITY
from shared.tracing import trace_of

NUMBER, CUSTOMER = a_number(), a_customer()
FIRST = a_call(NUMBER)


@pytest.fixture(scope="module")
async def starting(
    alerts: Alerts, alerts_issuer: Issuer, doorway: Doorway
) -> AsyncGenerator[Mediation]:
    """The API while something stands on identity.v1 that no worker has folded yet."""
    told = assigned(NUMBER, CUSTOMER)
    headers, value = envelope.encode(told, trace_of(None, "story"))
    sent = [(name, text.encode()) for name, text in headers.items()]
    await doorway.producer.send_and_wait(IDENTITY.name, value, key=told.key.encode(), headers=sent)
    kafka = doorway.parts.broker.address
    async with mediation_of(alerts, alerts_issuer, kafka, source="mediation") as client:
        assert (await client.register("mediation")).status_code == 200
        yield client


@pytest.fixture
async def started(alerts: Alerts, starting: Mediation) -> Mediation:
    if not await alerts.rows("SELECT 1 FROM position"):
        async with unit_of_work(alerts.worker) as uow:
            await on_identity_assigned([assigned(NUMBER, CUSTOMER)], uow)
        await alerts.folded()

    async def loaded() -> object:
        return (await starting.upload(FIRST, batch="first")).json().get("accepted")

    await comes_to(loaded, 1)
    return starting


@contextmanager
def silent(parts: Parts) -> Generator[None]:
    """The broker answers nobody, as behind a cut cable."""
    assert parts.broker_process
    os.kill(parts.broker_process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(parts.broker_process.pid, signal.SIGCONT)


async def test_nothing_is_taken_before_all_that_was_told_is_folded(
    alerts: Alerts, starting: Mediation
) -> None:
    answer = await starting.upload(a_call(NUMBER), batch="too-early")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Retry-After" in answer.headers
    assert await alerts.rows("SELECT 1 FROM ingest_batch") == []


async def test_a_batch_that_met_an_outage_is_told_whole_when_it_comes_again(
    started: Mediation,
    usage_log: LogReader,
    doorway_servers: Parts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_store, "ACK_SECONDS", 1.0)
    calls = [a_call(NUMBER) for _ in range(3)]

    with silent(doorway_servers):
        refused = await started.upload(*calls, batch="outage")

        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert (await started.heartbeat(now())).status_code == 503
    monkeypatch.undo()

    async def taken() -> int:
        return (await started.upload(*calls, batch="outage")).status_code

    await comes_to(taken, 202)
    assert (await started.upload(*calls, batch="outage")).json() == {"accepted": 3, "parked": 0}
    told = [c for c in await usage_log.calls() if c["customer_id"] == CUSTOMER]
    ours = [c for c in told if c["record_id"] in {call["record_id"] for call in calls}]
    # The silent broker may have taken the first attempt after all: under the same id.
    assert len({c["message"] for c in ours}) == 1
    assert {c["record_id"] for c in ours} == {call["record_id"] for call in calls}


async def test_a_follower_that_fails_takes_no_usage_by_old_owners(
    started: Mediation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(identity, "version", broken)

    async def refused() -> int:
        return (await started.upload(a_call(NUMBER), batch=f"B{a_number()}")).status_code

    await comes_to(refused, 503)
