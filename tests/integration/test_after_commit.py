"""What a transaction counts is counted once it holds, and not again for each attempt."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from out_parts import Schema
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine

from services.points.handlers.on_bills_issued import on_bills_issued
from services.points.handlers.on_lots_opened import on_lots_opened
from shared.arrivals import Arrival
from shared.batch_transaction import BatchTransaction, Handlers, Run
from shared.database import unit_of_work
from shared.deadletters import StoredRecord
from shared.errors import RecordFault
from shared.events.billing import BillIssued, LotsOpened
from shared.events.event import CustomerEvent, EventId


def fact(customer: int) -> dict[str, object]:
    return {
        "event_id": EventId(uuid4()),
        "subject": "customer",
        "at": datetime(2026, 3, 1, 2, tzinfo=UTC),
        "customer_id": customer,
        "county": "990101",
    }


def a_bill(customer: int) -> BillIssued:
    bill = {"bill_id": f"B{uuid4()}", "month": "2026-02", "amount_fen": 12_345}
    return BillIssued.model_validate(fact(customer) | bill)


def entries_counted() -> float:
    return REGISTRY.get_sample_value("holdfast_points_entries_total", {"kind": "earn"}) or 0


async def test_a_callback_runs_after_the_commit_and_sees_what_was_written(schema: Schema) -> None:
    engine, seen = schema.engine(), list[str]()

    async with unit_of_work(engine) as uow:
        uow.after_commit(lambda: seen.append("first"))
        uow.after_commit(lambda: seen.append("second"))
        assert seen == []

    assert seen == ["first", "second"]


async def test_a_rollback_drops_the_callbacks(schema: Schema) -> None:
    engine, seen = schema.engine(), list[str]()

    async def fail() -> None:
        async with unit_of_work(engine) as uow:
            uow.after_commit(lambda: seen.append("never"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert seen == []


async def test_a_savepoint_that_was_rolled_back_takes_its_callbacks_with_it(
    schema: Schema,
) -> None:
    seen = list[str]()

    async with unit_of_work(schema.engine()) as uow:
        uow.after_commit(lambda: seen.append("kept"))
        mark = uow.mark()
        uow.after_commit(lambda: seen.append("rolled back"))
        uow.forget_after(mark)

    assert seen == ["kept"]


async def test_a_batch_that_is_tried_again_counts_its_bills_once(schema: Schema) -> None:
    """Bills are posted and counted before the opening behind them turns out to be at fault."""
    overdrawn = LotsOpened.model_validate(
        fact(9) | {"programme": "standard", "cohort": 2025, "granted": 1, "spent": 2}
    )
    batch = [a_bill(1), a_bill(2), overdrawn, a_bill(3)]
    engine, before = schema.engine(), entries_counted()

    with pytest.raises(RecordFault, match="spent 2 of 1"):
        await apply(engine, batch, careful=False)
    assert entries_counted() == before
    await apply(engine, batch, careful=True)

    assert entries_counted() == before + 3


HANDLERS: Handlers = {BillIssued: Run(on_bills_issued), LotsOpened: Run(on_lots_opened)}


async def apply(engine: AsyncEngine, facts: Sequence[CustomerEvent], *, careful: bool) -> None:
    """As a lane does it."""
    async with unit_of_work(engine) as uow:
        work = BatchTransaction(HANDLERS, uow, "points", {})
        await work.apply([an_arrival(fact, n) for n, fact in enumerate(facts)], careful=careful)


def an_arrival(fact: CustomerEvent, offset: int) -> Arrival:
    tp = TopicPartition("holdfast.billing.v1", 0)
    headers = (("ce_type", fact.event_type.encode()),)
    record = StoredRecord(tp, offset, 0, fact.key, headers, b"{}")
    return Arrival(record, fact.at, fact.event_id, fact, None)
