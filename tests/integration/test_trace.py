"""A verified order's chain back to the call record, put together from what four schemas know."""

import asyncio
import os
import re
import secrets
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI
from rich.console import Console
from starlette.applications import Starlette
from typer.testing import CliRunner
from uvicorn import Config

from holdfast import causal_chain
from holdfast.causal_chain import Step, TraceFailed
from holdfast.cli import build
from holdfast.commands.trace import drawn, find, listed
from holdfast.roles import KINDS, bootstrap
from holdfast.stack.ports import free_ports
from holdfast.stack.postgres import PostgresAddress
from holdfast.stack.state import SERVICES
from holdfast.tokens import ISSUER, Issuer, ensure_issuer, mint
from holdfast.web_process import mount
from shared.health import QuietServer
from shared.identity import Caller, Role
from shared.migrations.runner import upgrade
from shared.revision import SchemaRange
from shared.web import links
from shared.web.app import create_app
from shared.web.doorway import open_doorway

BEGAN = datetime(2026, 2, 27, 9, tzinfo=UTC)
USAGE, RAISED, OPENED, PROPOSED, GRANTED = (str(uuid4()) for _ in range(5))
RECORDED, AGREED, DISPATCHED, ACCEPTED, COMPLETED, VERIFIED = (str(uuid4()) for _ in range(6))
CLOSED, BYSTANDER, COPY = (str(uuid4()) for _ in range(3))
CALL = "manager-03/call-1"

# Service, event, its cause and the cause's type, type, subject; in the order of telling.
STORY = [
    ("alerts", RAISED, USAGE, "usage.recorded.v1", "alerts.raised.v1", "alert/1"),
    ("alerts", COPY, RAISED, "alerts.raised.v1", "usage.control.v1", "control/1"),
    ("alerts", BYSTANDER, USAGE, "usage.recorded.v1", "alerts.raised.v1", "alert/2"),
    ("alerts", OPENED, RAISED, "alerts.raised.v1", "alerts.episode_opened.v1", "episode/1"),
    ("alerts", PROPOSED, OPENED, "alerts.episode_opened.v1", "alerts.contact_proposed.v1", "p/1"),
    ("callcenter", GRANTED, PROPOSED, "alerts.contact_proposed.v1", "callcenter.contact_granted.v1",
     "task/1"),
    ("callcenter", RECORDED, CALL, "request.recordResult", "callcenter.contact_recorded.v1",
     "task/1"),
    ("callcenter", AGREED, CALL, "request.recordResult", "callcenter.renewal_agreed.v1",
     "agreement/1"),
    ("ticketing", DISPATCHED, AGREED, "callcenter.renewal_agreed.v1",
     "ticketing.work_order_dispatched.v1", "order/1"),
    ("ticketing", ACCEPTED, "clerk/a", "request.acceptOrder", "ticketing.work_order_accepted.v1",
     "order/1"),
    ("ticketing", COMPLETED, "clerk/b", "request.completeOrder",
     "ticketing.work_order_completed.v1", "order/1"),
    ("ticketing", VERIFIED, "dispatcher/c", "request.verifyOrder",
     "ticketing.work_order_verified.v1", "order/1"),
    ("alerts", CLOSED, VERIFIED, "ticketing.work_order_verified.v1", "alerts.episode_closed.v1",
     "episode/1"),
]  # fmt: skip
WAY = [USAGE, RAISED, OPENED, PROPOSED, GRANTED, AGREED, DISPATCHED, ACCEPTED, COMPLETED, VERIFIED]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
async def origin(own_server: PostgresAddress, issuer: Issuer) -> AsyncIterator[Starlette]:
    """All four services on one origin."""
    passwords = {f"{s}_{kind}": secrets.token_urlsafe(12) for s in SERVICES for kind in KINDS}
    await bootstrap(own_server.url(), passwords, SERVICES)
    urls = {role: own_server.url(user=role, password=word) for role, word in passwords.items()}
    for service in SERVICES:
        await asyncio.to_thread(upgrade, service, urls[f"{service}_migrate"])
    await _tell(own_server.url())
    apps = {s: following(s, urls[f"{s}_web"], issuer) for s in SERVICES}
    async with AsyncExitStack() as lifespans:
        for app in apps.values():
            await lifespans.enter_async_context(app.router.lifespan_context(app))
        yield mount(apps)


@pytest.fixture(scope="module")
def auditor(issuer: Issuer) -> str:
    return mint(issuer, Caller("li", "李", frozenset({Role.AUDITOR}), "99"))


@pytest.fixture(scope="module")
async def services(origin: Starlette, auditor: str) -> AsyncIterator[httpx2.AsyncClient]:
    """The four services as an auditor reaches them."""
    transport = httpx2.ASGITransport(origin)
    bearer = {"Authorization": f"Bearer {auditor}"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://services", headers=bearer
    ) as client:
        yield client


def following(service: str, url: str, issuer: Issuer) -> FastAPI:
    """A service's application with its links alone: what else it needs is not asked for here."""
    schema: SchemaRange = import_module(f"services.{service}.settings").SCHEMA
    doorway = open_doorway(schema, database_url=url, jwks=str(issuer.jwks), issuer=ISSUER)
    with_history = [links.histories] if service in causal_chain.WITH_HISTORIES else []
    return create_app(doorway, title=service, routers=[links.router, *with_history])


async def _tell(superuser: str) -> None:
    connection = await asyncpg.connect(superuser)
    await connection.execute(
        "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)"
    )
    recorded = datetime.now(UTC)
    for number, (service, event, *told) in enumerate(STORY):
        await connection.execute(
            f"INSERT INTO {service}.event_link "  # noqa: S608 - a service of ours.
            "(event_id, cause_id, cause_type, type, subject, at, recorded_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            UUID(event),
            *told,
            BEGAN + timedelta(minutes=number),
            recorded + timedelta(seconds=number),
        )
    await connection.close()


def way_to(chain: Step, event_id: str) -> list[str]:
    """The ids from the first cause down to an event."""
    if chain.fact.event_id == event_id:
        return [event_id]
    for step in chain.then:
        if rest := way_to(step, event_id):
            return [chain.fact.event_id, *rest]
    return []


def told_in(steps: Sequence[Step]) -> list[str]:
    return [i for step in steps for i in (step.fact.event_id, *told_in(step.then))]


@pytest.mark.requirement("XC-10")
async def test_a_verified_order_leads_back_to_the_call_record_that_began_it(
    services: httpx2.AsyncClient,
) -> None:
    _, chain = await find(VERIFIED, services)

    assert way_to(chain, VERIFIED) == WAY
    assert way_to(chain, CLOSED)[-2:] == [VERIFIED, CLOSED]
    assert BYSTANDER not in told_in([chain])
    assert chain.fact.service == ""


async def test_from_the_alert_on_every_effect_is_told_once(services: httpx2.AsyncClient) -> None:
    _, chain = await find(RAISED, services)

    assert sorted(told_in([chain])) == sorted(
        [USAGE, *(s[1] for s in STORY if s[1] not in {BYSTANDER, COPY})]
    )
    assert way_to(chain, RECORDED) == [*WAY[:5], RECORDED]
    assert way_to(chain, VERIFIED) == WAY


async def test_a_message_from_outside_shows_what_it_began(services: httpx2.AsyncClient) -> None:
    _, chain = await find(USAGE, services)

    assert {step.fact.event_id for step in chain.then} == {RAISED, BYSTANDER}


async def test_a_chain_is_drawn_and_listed_with_the_time_between_its_steps(
    services: httpx2.AsyncClient,
) -> None:
    event_id, chain = await find(VERIFIED, services)
    console = Console(width=200, record=True)
    console.print(drawn(chain, event_id))
    text = console.export_text()
    steps = {step["event_id"]: step for step in listed(chain)}

    assert steps[VERIFIED]["after"] == COMPLETED
    assert steps[VERIFIED]["seconds"] == pytest.approx(1)
    assert steps[RAISED]["seconds"] is None
    assert steps[VERIFIED]["by"] == ["request.verifyOrder dispatcher/c"]
    assert "after 1.0 s" in text
    assert "by request.verifyOrder dispatcher/c" in text
    assert "2026-02-27 17:10:00" in text  # 09:10 in UTC
    assert text.index("usage.recorded.v1") < text.index("ticketing.work_order_verified.v1")


async def test_a_fact_with_more_effects_than_anybody_reads_says_so(
    services: httpx2.AsyncClient, own_server: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causal_chain, "STEPS_MAX", 20)
    batch = str(uuid4())
    connection = await asyncpg.connect(own_server.url())
    await connection.execute(
        "INSERT INTO points.event_link (event_id, cause_id, cause_type, type, subject, at) "
        "SELECT gen_random_uuid(), $1, 'billing.bill_issued.v1', 'points.granted.v1', 'lot', now() "
        "FROM generate_series(1, $2)",
        batch,
        30,
    )
    await connection.close()

    _, chain = await find(batch, services)

    assert chain.cut
    assert len(told_in([chain])) == 20


@pytest.mark.parametrize(
    ("asked", "said"),
    [(str(uuid4()), "no service told"), ("what", "neither an event's id nor an order's number")],
)
async def test_what_nobody_knows_is_said_so(
    services: httpx2.AsyncClient, asked: str, said: str
) -> None:
    with pytest.raises(TraceFailed, match=said):
        await find(asked, services)


async def test_a_clerk_may_not_follow_chains(services: httpx2.AsyncClient, issuer: Issuer) -> None:
    clerk = Caller("wang", "王", frozenset({Role.STORE_CLERK}), "990101001")
    headers = {"Authorization": f"Bearer {mint(issuer, clerk)}"}

    refused = await services.get(f"/alerts/v1/links/{RAISED}", headers=headers)

    assert refused.status_code == 403


async def test_the_command_prints_a_verified_orders_whole_chain_back_to_the_call_record(
    origin: Starlette, auditor: str
) -> None:
    """As somebody types it: a process of its own, over HTTP."""
    [port] = free_ports(1)
    server = QuietServer(Config(origin, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    words = ("-m", "holdfast", "trace", VERIFIED, "--url", f"http://127.0.0.1:{port}")
    typed = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        env={**os.environ, "HOLDFAST_TOKEN": auditor},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await typed.communicate()
    server.should_exit = True
    await serving

    assert (typed.returncode, err) == (0, b"")
    types = {event: kind for _, event, _, _, kind, _ in STORY} | {USAGE: "usage.recorded.v1"}
    firsts = re.findall(r"([a-z]+\.[a-z_]+\.v1)  ([0-9a-f-]{36})", out.decode())
    assert [pair for pair in firsts if pair[1] in WAY] == [(types[event], event) for event in WAY]


def test_without_a_stack_the_command_says_what_it_needs(tmp_path: Path) -> None:
    words = ["trace", str(uuid4()), "--home", str(tmp_path)]

    refused = CliRunner().invoke(build("trace"), words)

    assert (refused.exit_code, "--url" in refused.output) == (1, True)
