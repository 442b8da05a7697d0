"""The merger numbers its control messages without a gap, whatever ends a transaction."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from alerts_parts import AT, Alerts, a_customer, numbers_of

from services.alerts.domain import control
from services.alerts.handlers.merge_facts import merge_facts, merged
from shared import positions
from shared.arrivals import Arrival
from shared.batch_transaction import BatchTransaction, Handlers, Run
from shared.database import unit_of_work
from shared.deadletters import StoredRecord
from shared.errors import RecordFault
from shared.events import envelope
from shared.events.billing import BillIssued
from shared.events.event import CustomerEvent, EventId
from shared.tracing import trace_of
from tests.unit.alerts.engine_facts import a_profile

BILLING, CUSTOMERS = "holdfast.billing.v1", "holdfast.customers.v1"


class Killed(Exception):  # noqa: N818 - what a test does to a transaction.
    """The process ends here."""


def a_bill(partition: int) -> BillIssued:
    return BillIssued(
        event_id=EventId(uuid4()),
        subject="bill",
        at=AT,
        customer_id=a_customer(partition),
        county="990101",
        bill_id=f"B{uuid4()}",
        month="2026-02",
        amount_fen=12_345,
    )


async def merge(
    alerts: Alerts, place: TopicPartition, bills: Sequence[CustomerEvent], *, killed: bool = False
) -> None:
    """One batch of a lane: the position moves, the facts are merged, all or nothing."""
    async with unit_of_work(alerts.worker) as uow:
        uow.source = place
        held = await positions.held(uow.connection, place)
        assert held
        span = (held.next_offset, held.next_offset + len(bills))
        assert await positions.advance(uow.connection, place, span, epoch=held.epoch)
        await merge_facts(bills, uow)
        if killed:
            await uow.flush()
            raise Killed


async def test_a_run_is_one_control_message_on_the_customers_usage_partition(
    alerts: Alerts,
) -> None:
    place = await alerts.claim(BILLING, 3)
    bills = [a_bill(3) for _ in range(50)]

    await merge(alerts, place, bills)

    [message] = await alerts.controls(3)
    assert (message.source, message.number, message.kind) == (
        "holdfast.billing.v1/3",
        1,
        "billing.bill_issued.v1",
    )
    assert control.facts_in(message) == bills
    assert message.at == AT


async def test_numbers_have_no_gap_over_a_crash(alerts: Alerts) -> None:
    place = await alerts.claim(BILLING, 4)
    await merge(alerts, place, [a_bill(4)])
    with suppress(Killed):
        await merge(alerts, place, [a_bill(4)], killed=True)
    await alerts.claim(BILLING, 4)
    await merge(alerts, place, [a_bill(4)])
    await merge(alerts, place, [a_bill(4)])

    assert numbers_of(await alerts.controls(4)) == [1, 2, 3]


async def test_a_run_too_large_for_one_message_takes_numbers_in_a_row(alerts: Alerts) -> None:
    place = await alerts.claim(BILLING, 5)
    bills = [a_bill(5).model_copy(update={"bill_id": '"' * 60}) for _ in range(1800)]

    await merge(alerts, place, bills)
    await merge(alerts, place, bills[:1])

    messages = await alerts.controls(5)
    assert len(messages) > 2
    assert all(after == before + 1 for before, after in pairwise(numbers_of(messages)))
    merged = [fact for message in messages[:-1] for fact in control.facts_in(message)]
    assert merged == bills


async def test_a_fact_in_a_strange_partition_costs_itself_and_no_number(alerts: Alerts) -> None:
    place = await alerts.claim(BILLING, 6)
    bills = [a_bill(6), a_bill(7), a_bill(6)]
    handlers: Handlers = {BillIssued: Run(merged(BillIssued))}
    async with unit_of_work(alerts.worker) as uow:
        uow.source = place
        work = BatchTransaction(handlers, uow, "alerts", {})
        await work.apply([_arrived(bill, place, n) for n, bill in enumerate(bills)], careful=True)

    assert [(letter.reason, letter.record.offset) for letter in work.letters] == [
        ("foreign-partition", 1)
    ]
    messages = await alerts.controls(6)
    assert [fact for message in messages for fact in control.facts_in(message)] == bills[::2]
    assert numbers_of(messages) == list(range(1, len(messages) + 1))


async def test_a_profile_that_no_row_can_hold_never_enters_the_log(alerts: Alerts) -> None:
    place = await alerts.claim(CUSTOMERS, 21)

    with pytest.raises(RecordFault, match="63 bits"):
        await merge(alerts, place, [a_profile(customer_id=a_customer(21), sequence=2**63)])

    assert await alerts.controls(21) == []


def _arrived(bill: BillIssued, place: TopicPartition, offset: int) -> Arrival:
    headers, value = envelope.encode(bill, trace_of(None, "story"))
    stored = tuple((name, text.encode()) for name, text in headers.items())
    record = StoredRecord(place, offset, 0, bill.key, stored, value)
    return Arrival(record, AT, bill.event_id, bill, None)


async def test_a_replayed_dead_letter_takes_the_next_number(alerts: Alerts) -> None:
    place = await alerts.claim(BILLING, 8)
    await merge(alerts, place, [a_bill(8)])
    async with unit_of_work(alerts.worker) as uow:
        uow.source = place
        held = await positions.held(uow.connection, place)
        assert held
        assert await positions.hold(uow.connection, place, epoch=held.epoch)
        await merge_facts([a_bill(8)], uow)

    assert numbers_of(await alerts.controls(8)) == [1, 2]


async def test_the_merger_outside_a_batch_is_a_bug(alerts: Alerts) -> None:
    with pytest.raises(LookupError):
        async with unit_of_work(alerts.worker) as uow:
            await merge_facts([a_bill(6)], uow)
