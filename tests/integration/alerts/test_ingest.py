"""Call records with numbers come in, facts of customers go out: each once, or not yet."""

import asyncio
import logging
from datetime import timedelta

import pytest
from alerts_parts import HASHER, Alerts, a_customer, a_number, assigned
from doorway_parts import comes_to
from ingest_api import LogReader, Mediation, a_call, as_arrow, now

from services.alerts.handlers.on_identity_assigned import on_identity_assigned
from shared.database import unit_of_work
from shared.events.identity import IdentityAssigned
from shared.events.partition import partition_of


async def own(alerts: Alerts, mediation: Mediation, *told: IdentityAssigned) -> None:
    """Tell owners, and wait until the API knows them: it answers a probe of the last as known."""
    probe = a_number()
    async with unit_of_work(alerts.worker) as uow:
        await on_identity_assigned([*told, assigned(probe, a_customer())], uow)
    tries = iter(range(1_000))

    async def known() -> int:
        batch = f"probe-{probe}-{next(tries)}"
        return (await mediation.upload(a_call(probe), batch=batch)).json()["accepted"]

    await comes_to(known, 1)


def of(customer: int, calls: list[dict[str, object]]) -> list[object]:
    return [call["record_id"] for call in calls if call["customer_id"] == customer]


async def test_a_call_reaches_its_customers_partition(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    number, customer = a_number(), a_customer()
    await own(alerts, mediation, assigned(number, customer))

    sent = a_call(f"+86 {number}", peer="10086", seconds=75)
    answer = await mediation.upload(sent, batch="one-call")

    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "parked": 0})
    [call] = [c for c in await usage_log.calls() if c["customer_id"] == customer]
    assert call["partition"] == partition_of(customer)
    assert (call["record_id"], call["seconds"]) == (sent["record_id"], 75)
    assert call["peer"] == HASHER.digest("10086")


async def test_arrow_goes_the_same_way(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    owners = {a_number(): a_customer() for _ in range(40)}
    await own(alerts, mediation, *(assigned(n, c) for n, c in owners.items()))
    calls = [a_call(number) for number in owners for _ in range(25)]

    answer = await mediation.upload_arrow(as_arrow(calls), batch="arrow-1")

    assert answer.json() == {"accepted": 1000, "parked": 0}
    told = [c for c in await usage_log.calls() if c["customer_id"] in owners.values()]
    assert sorted((c["record_id"], c["customer_id"]) for c in told) == sorted(
        (call["record_id"], owners[call["number"]]) for call in calls
    )
    assert all(c["partition"] == partition_of(c["customer_id"]) for c in told)


async def test_a_batch_that_is_sent_twice_is_once_on_the_log(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    number, customer = a_number(), a_customer()
    await own(alerts, mediation, assigned(number, customer))
    call = a_call(number)

    answers = [await mediation.upload(call, batch="twice") for _ in range(2)]

    assert [a.json() for a in answers] == [{"accepted": 1, "parked": 0}] * 2
    assert of(customer, await usage_log.calls()) == [call["record_id"]]


async def test_two_at_once_tell_one_message(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    number, customer = a_number(), a_customer()
    await own(alerts, mediation, assigned(number, customer))
    call = a_call(number)

    answers = await asyncio.gather(*(mediation.upload(call, batch="at-once") for _ in range(4)))

    assert {a.status_code for a in answers} == {202}
    told = [c["message"] for c in await usage_log.calls() if c["customer_id"] == customer]
    assert len(set(told)) == 1, "a repeat has the id of the first, by which readers know it"


async def test_a_batch_id_is_not_used_for_other_records(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    number, customer = a_number(), a_customer()
    await own(alerts, mediation, assigned(number, customer))
    first = a_call(number)
    await mediation.upload(first, batch="reused")

    answer = await mediation.upload(a_call(number), batch="reused")

    assert (answer.status_code, answer.json()["code"]) == (409, "batch-reused")
    assert of(customer, await usage_log.calls()) == [first["record_id"]]


async def test_a_call_of_nobody_waits_and_is_sent_when_its_number_has_an_owner(
    alerts: Alerts, mediation: Mediation
) -> None:
    number, customer = a_number(), a_customer()
    call = a_call(number, peer="10086")

    answer = await mediation.upload(call, batch="early")

    assert answer.json() == {"accepted": 0, "parked": 1}
    async with unit_of_work(alerts.worker) as uow:
        await on_identity_assigned([assigned(number, customer)], uow)
    [(waiting,)] = await alerts.rows(
        "SELECT count(*) FROM parked_usage WHERE record_id = $1", call["record_id"]
    )
    assert waiting == 0
    [(partition,)] = await alerts.rows(
        "SELECT partition FROM outbox WHERE topic = 'holdfast.usage.v1' "
        "AND position(convert_to($1, 'UTF8') in value) > 0",
        call["record_id"],
    )
    assert partition == partition_of(customer)


async def test_a_repeat_decides_nothing_anew(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    known, unknown = a_number(), a_number()
    customer, later = a_customer(), a_customer()
    await own(alerts, mediation, assigned(known, customer))
    calls = [a_call(known), a_call(unknown)]
    await mediation.upload(*calls, batch="half-known")
    # As after a crash between the log's acknowledgement and our remembering it.
    await alerts.rows(
        "UPDATE ingest_batch SET plan = int8send(0) || int8send(0) || int4send(0) || int4send(0) "
        "WHERE batch_id = 'half-known'"
    )
    await own(alerts, mediation, assigned(unknown, later))

    again = await mediation.upload(*calls, batch="half-known")

    assert again.json() == {"accepted": 1, "parked": 1}
    assert of(later, await usage_log.calls()) == []


async def test_a_recycled_number_is_whose_it_was_at_the_time(
    alerts: Alerts, mediation: Mediation, usage_log: LogReader
) -> None:
    number, before, after = a_number(), a_customer(), a_customer()
    handed_on = now() - timedelta(days=1)
    await own(
        alerts,
        mediation,
        assigned(number, before, ends=handed_on - timedelta(days=90)),
        assigned(number, after, begins=handed_on),
    )
    old = a_call(number, at=(handed_on - timedelta(days=100)).isoformat())
    idle = a_call(number, at=(handed_on - timedelta(days=10)).isoformat())
    new = a_call(number)

    answer = await mediation.upload(old, idle, new, batch="recycled")

    assert answer.json() == {"accepted": 2, "parked": 1}
    calls = await usage_log.calls()
    assert (of(before, calls), of(after, calls)) == ([old["record_id"]], [new["record_id"]])


@pytest.mark.requirement("CC-30")
async def test_no_number_is_anywhere_but_in_the_request(
    alerts: Alerts,
    mediation: Mediation,
    usage_log: LogReader,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    number, stranger, peer = a_number(), a_number(), a_number()
    await own(alerts, mediation, assigned(number, a_customer()))
    calls = [
        a_call(number, peer=peer, forwarded_to=peer),
        a_call(stranger, peer=peer),
        a_call(number, kind="fax"),
    ]

    answers = [
        await mediation.upload(*calls[:2], batch="discreet"),
        await mediation.upload(*calls, batch="refused"),
        await mediation.upload_arrow(as_arrow([a_call(f"{number}x")]), batch="refused-2"),
    ]

    assert [a.status_code for a in answers] == [202, 422, 422]
    await usage_log.look()
    tables = await alerts.everything()
    assert len(tables) > 10
    places = {
        "log": str(usage_log.seen),
        "tables": str(tables),
        "answers": "".join(a.text for a in answers),
        "our log": "".join(caplog.messages),
    }
    for plain in (number, stranger, peer):
        assert [name for name, text in places.items() if plain in text] == []
