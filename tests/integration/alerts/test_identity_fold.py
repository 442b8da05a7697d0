"""The fold of identity.v1, and what waited for it: sent when the owner is known, else given up."""

import json
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from alerts_parts import AT, HASHER, Alerts, a_customer, a_number, assigned

from services.alerts.agents import AGENTS
from services.alerts.domain.parking import GIVE_UP_AFTER, LOOK_AGAIN_AFTER
from services.alerts.handlers.on_identity_assigned import on_identity_assigned
from services.alerts.handlers.send_parked_usage import CHUNK_ROWS, settle_due
from services.alerts.store import identity, parked_usage
from services.alerts.store.parked_usage import ParkedRecord
from shared.clock import Clock, Segment
from shared.database import create_engine, unit_of_work
from shared.dead_letter_limit import DeadLetterLimit
from shared.events import arrow
from shared.events.catalogue import USAGE
from shared.events.identity import IdentityAssigned
from shared.events.partition import partition_of
from shared.events.usage import UsageRecorded
from shared.lane import Doorway
from shared.replay import Claimed, carry_out


def a_parked_record(number: str, **differs: object) -> ParkedRecord:
    fields: dict[str, object] = {
        "parked_id": uuid4(),
        "source": "mediation",
        "record_id": f"R{uuid4()}",
        "number_hash": HASHER.digest(number),
        "at": AT,
        "kind": "voice",
        "direction": "out",
        "seconds": 60,
        "kilobytes": 0,
        "fen": 12,
        "peer": HASHER.digest(a_number()),
        "forwarded_to": None,
        "at_home": True,
        "due_at": AT + LOOK_AGAIN_AFTER,
        "given_up_at": AT + GIVE_UP_AFTER,
    }
    return ParkedRecord(**(fields | differs))  # pyright: ignore[reportArgumentType] - by name.


async def fold(alerts: Alerts, *told: IdentityAssigned) -> None:
    async with unit_of_work(alerts.worker) as uow:
        await on_identity_assigned(told, uow)


async def park(alerts: Alerts, *records: ParkedRecord) -> None:
    web = create_engine(alerts.urls["web"], application="alerts-web", pool_size=1)
    async with unit_of_work(web) as uow:
        await parked_usage.insert(uow.connection, records)
    await web.dispose()


async def settle(alerts: Alerts, now_after: timedelta) -> int:
    async with unit_of_work(alerts.worker) as uow:
        return await settle_due(AT + now_after, uow)


async def owners(alerts: Alerts, number: str) -> Sequence[tuple[int, object]]:
    async with unit_of_work(alerts.worker) as uow:
        found = await identity.of_numbers(uow.connection, [HASHER.digest(number)])
    return [(one.customer_id, one.valid_to) for one in found]


async def sent_to(alerts: Alerts, customer: int) -> list[str]:
    """The record ids that left for a customer."""
    rows = await alerts.rows(
        "SELECT value FROM outbox WHERE partition = $1 AND headers->>'ce_type' = $2 ORDER BY id",
        partition_of(customer),
        UsageRecorded.event_type,
    )
    tables = [arrow.read_table(UsageRecorded, value).to_pylist() for (value,) in rows]
    return [r["record_id"] for table in tables for r in table if r["customer_id"] == customer]


async def waiting(alerts: Alerts, record: ParkedRecord) -> int:
    [(count,)] = await alerts.rows(
        "SELECT count(*) FROM parked_usage WHERE parked_id = $1", record.parked_id
    )
    return count


async def test_a_recycled_number_keeps_both_owners(alerts: Alerts) -> None:
    number, first, second = a_number(), a_customer(), a_customer()
    handed_on = AT - timedelta(days=30)

    await fold(alerts, assigned(number, first), assigned(number, second, begins=handed_on))

    assert await owners(alerts, number) == [(first, None), (second, None)]


async def test_the_newest_word_about_an_assignment_counts(alerts: Alerts) -> None:
    number, customer = a_number(), a_customer()
    closed = assigned(number, customer, ends=AT, sequence=3)

    await fold(alerts, closed, assigned(number, customer, sequence=1))
    await fold(alerts, assigned(number, customer, sequence=2))

    assert await owners(alerts, number) == [(customer, AT)]


async def test_whoever_follows_misses_nothing_that_was_open_when_they_looked(
    alerts: Alerts,
) -> None:
    slow, quick = assigned(a_number(), a_customer()), assigned(a_number(), a_customer())
    async with unit_of_work(alerts.worker) as held_open:
        await on_identity_assigned([slow], held_open)
        await fold(alerts, quick)
        version, first = await look(alerts, "0")
    _, second = await look(alerts, version)

    assert quick.customer_id in first
    assert slow.customer_id not in first
    assert slow.customer_id in second


async def look(alerts: Alerts, version: str) -> tuple[str, list[int]]:
    """As a follower does: from where to look next, and whose numbers changed."""
    async with unit_of_work(alerts.worker) as uow:
        after = await identity.version(uow.connection)
        news = await identity.since(uow.connection, version, key_id=HASHER.key_id)
    return after, [one.customer_id for one in news]


async def test_a_parked_record_leaves_when_its_number_has_an_owner(alerts: Alerts) -> None:
    number, customer = a_number(), a_customer()
    early = a_parked_record(number, at=AT - timedelta(days=2))
    late = a_parked_record(number)
    await park(alerts, early, late)

    await fold(alerts, assigned(number, customer, begins=AT - timedelta(days=1)))

    assert await sent_to(alerts, customer) == [late.record_id]
    assert (await waiting(alerts, early), await waiting(alerts, late)) == (1, 0)


async def test_an_owner_that_was_on_its_way_is_found_at_the_second_look(alerts: Alerts) -> None:
    number, customer = a_number(), a_customer()
    await fold(alerts, assigned(number, customer))
    record = a_parked_record(number)
    await park(alerts, record)

    assert await settle(alerts, LOOK_AGAIN_AFTER - timedelta(seconds=1)) == 0
    assert await settle(alerts, LOOK_AGAIN_AFTER) > 0

    assert await sent_to(alerts, customer) == [record.record_id]
    assert await waiting(alerts, record) == 0


async def test_after_a_business_day_the_record_is_a_dead_letter(alerts: Alerts) -> None:
    number = a_number()
    record = a_parked_record(number)
    await park(alerts, record)

    await settle(alerts, LOOK_AGAIN_AFTER)
    assert await waiting(alerts, record) == 1, "it waits on"
    await settle(alerts, GIVE_UP_AFTER)

    assert await waiting(alerts, record) == 0
    [(reason, value, state)] = await alerts.rows(
        "SELECT reason, value, state FROM dead_letter WHERE headers->>'ce_id' = $1",
        str(record.parked_id),
    )
    assert (reason, state) == ("unknown-number", "open")
    assert record.record_id.encode() in value
    assert number.encode() not in value
    told = await alerts.rows("SELECT 1 FROM outbox WHERE topic = 'holdfast.deadletters.v1'")
    assert told


async def test_what_is_too_much_for_one_transaction_is_due_at_once(alerts: Alerts) -> None:
    number, customer = a_number(), a_customer()
    last_look = AT + GIVE_UP_AFTER
    records = [a_parked_record(number, due_at=last_look) for _ in range(CHUNK_ROWS + 3)]
    await park(alerts, *records)

    told = assigned(number, customer)
    await fold(alerts, told)
    left = await alerts.rows(
        "SELECT count(*), max(due_at) FROM parked_usage WHERE number_hash = $1",
        HASHER.digest(number),
    )
    assert left == [(3, told.at)]

    while await settle(alerts, LOOK_AGAIN_AFTER):
        pass
    sent = await sent_to(alerts, customer)
    assert sorted(sent) == sorted(record.record_id for record in records)


async def test_a_record_that_was_given_up_is_mended_with_its_customer_and_goes_into_the_log(
    alerts: Alerts,
) -> None:
    record, customer = a_parked_record(a_number()), a_customer(17)
    await park(alerts, record)
    await settle(alerts, LOOK_AGAIN_AFTER)
    await settle(alerts, GIVE_UP_AFTER)
    [(letter, value)] = await alerts.rows(
        "SELECT id, value FROM dead_letter WHERE headers->>'ce_id' = $1", str(record.parked_id)
    )
    mended = json.loads(value) | {"customer_id": str(customer), "county": "990101"}
    async with alerts.connected() as operator:
        await operator.execute(
            "UPDATE dead_letter SET state = 'replay', value = $2 WHERE id = $1",
            letter,
            json.dumps(mended).encode(),
        )

    await replay(alerts, letter)

    assert await alerts.rows("SELECT state FROM dead_letter WHERE id = $1", letter) == [
        ("replayed",)
    ]
    [(partition, sent)] = await alerts.rows(
        "SELECT partition, value FROM outbox WHERE headers->>'ce_id' = $1", str(record.parked_id)
    )
    assert partition == 17
    assert json.loads(sent)["customer_id"] == str(customer)


async def replay(alerts: Alerts, letter: UUID) -> None:
    """As the owner of the first usage partition carries it out."""
    clock = Clock([Segment(AT - timedelta(days=1), AT, 0.0)])
    place = await alerts.claim(USAGE.name, 0)
    [(epoch,)] = await alerts.rows(
        "SELECT epoch FROM position WHERE topic = $1 AND partition = 0", USAGE.name
    )
    door = Doorway(
        service="alerts",
        engine=alerts.worker,
        handlers=AGENTS,
        clock=lambda: clock,
        limit=DeadLetterLimit(),
        rewind=pytest.fail,
        stop=lambda _, reason: pytest.fail(reason),
    )
    assert await carry_out(door, Claimed(place, epoch), letter, blocked={}) == {}
