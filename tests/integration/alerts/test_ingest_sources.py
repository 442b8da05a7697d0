"""Sources: registered once by an operator, their progress told as often as the log needs it."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from alerts_parts import Alerts, numbers_of
from ingest_api import LogReader, Mediation, a_call, now

from services.alerts.domain import control
from shared.identity import Role


async def test_a_registered_source_is_told_to_every_partition_once(
    alerts: Alerts, mediation: Mediation
) -> None:
    before = [len(await alerts.controls(partition)) for partition in range(32)]

    answers = [await mediation.register("roaming") for _ in range(2)]

    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    for partition in range(32):
        told = (await alerts.controls(partition))[before[partition] :]
        assert [(t.kind, t.source) for t in told] == [("alerts.source_registered", "http")]
        assert control.fields_in(told[0])["source"] == "roaming"


async def test_acts_at_once_leave_in_the_order_of_their_numbers(
    alerts: Alerts, mediation: Mediation
) -> None:
    names = [f"at-once-{number}" for number in range(8)]

    answers = await asyncio.gather(*(mediation.register(name) for name in names))

    assert {a.status_code for a in answers} == {200}
    for partition in (0, 31):
        controls = await alerts.controls(partition)
        assert numbers_of(controls) == list(range(1, len(controls) + 1))
    ordered = await alerts.rows("""
        SELECT id FROM outbox WHERE partition = 0 AND headers->>'ce_type' = 'usage.control.v1'
        ORDER BY xid, id
    """)
    assert ordered == sorted(ordered), "a number taken later has the later transaction"


async def test_a_heartbeat_reaches_every_partition_and_not_too_often(
    mediation: Mediation, usage_log: LogReader
) -> None:
    await mediation.register("pulse")
    at = now() - timedelta(minutes=40)
    steps = [timedelta(0), timedelta(minutes=1), timedelta(minutes=30)]

    written = [
        (await mediation.heartbeat(at + step, source="pulse")).json()["written"] for step in steps
    ]

    assert written == [True, False, True]
    beats = await usage_log.heartbeats()
    times = sorted({told for _, told in beats})
    assert [len([p for p, told in beats if told == time]) for time in times] == [32, 32]
    assert len(times) == 2


@pytest.mark.parametrize("role", [Role.MANAGER, Role.BOSS, Role.AUDITOR])
async def test_usage_is_taken_from_mediation_alone(mediation: Mediation, role: Role) -> None:
    body: dict[str, object] = {
        "source": "mediation",
        "batch_id": "b",
        "records": [a_call("13800138000")],
    }
    sent: dict[str, dict[str, object]] = {
        "/v1/usage": body,
        "/v1/usage/heartbeats": {"source": "mediation", "at": now().isoformat()},
        "/v1/sources": {"source": "mine"},
    }
    for path, content in sent.items():
        answers: list[httpx2.Response] = [
            await mediation.web.post(path, json=content, headers=mediation.headers(role)),
            await mediation.web.post(path, json=content),
        ]

        assert [a.status_code for a in answers] == [403, 401]
