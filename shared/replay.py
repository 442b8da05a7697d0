"""An operator's replay or discard, carried out by the partition's owner between two batches."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from aiokafka import TopicPartition

from shared import dead_letter_store, positions
from shared.arrivals import Arrival, arrivals
from shared.batch_transaction import BatchTransaction
from shared.database import UnitOfWork, unit_of_work
from shared.deadletters import StoredRecord
from shared.errors import RecordFault
from shared.events.event import CustomerEvent
from shared.events.partition import partition_of
from shared.faults import back_off_seconds, is_worlds_fault
from shared.logging import get_logger

if TYPE_CHECKING:
    from shared.lane import Doorway

log = get_logger(__name__)


@dataclass(frozen=True)
class Claimed:
    """A partition, and the epoch under which a lane owns it."""

    tp: TopicPartition
    epoch: int


async def carry_out(
    door: "Doorway", claimed: Claimed, letter_id: UUID, *, blocked: dict[str, UUID]
) -> dict[str, UUID] | None:
    """Settle the letter and what parked behind it; the keys blocked from then on.

    One transaction: the letter, then its parked records in order. The first of them that fails
    becomes a letter of its own, behind which the rest goes on waiting. None when somebody else
    settled it meanwhile, or owns the partition by now: a new owner has read what is blocked, and
    would go on parking behind a letter that we settle under it.
    """
    attempt = 0
    while True:
        try:
            async with unit_of_work(door.engine) as uow:
                uow.source = claimed.tp
                ours = await positions.hold(uow.connection, claimed.tp, epoch=claimed.epoch)
                work = await _settle(door, uow, letter_id, blocked) if ours else None
            if work is None:
                return None
            work.count_set_aside()
        except Exception as error:
            if not is_worlds_fault(error):
                raise
            attempt += 1
            log.warning("waiting_for_database", topic=claimed.tp.topic, attempt=attempt)
            await asyncio.sleep(back_off_seconds(attempt))
        else:
            return work.blocked


async def _settle(
    door: "Doorway", uow: UnitOfWork, letter_id: UUID, blocked: dict[str, UUID]
) -> BatchTransaction | None:
    request = await dead_letter_store.lock(uow.connection, letter_id)
    if request is None:
        return None
    work = BatchTransaction(door.handlers, uow, door.service, dict(blocked))
    key = request.record.key or ""
    if work.blocked.get(key) == letter_id:
        del work.blocked[key]
    if not request.discard and not await _again(door, work, request.record):
        await work.store_set_aside()
        return work
    for record in await dead_letter_store.parked_behind(uow.connection, letter_id):
        await dead_letter_store.unpark(uow.connection, record)
        if not await _again(door, work, record):
            await work.store_set_aside()
            await dead_letter_store.repark(uow.connection, letter_id, successor=work.letters[-1].id)
            break
    state = "discarded" if request.discard else "replayed"
    await dead_letter_store.settle(uow.connection, letter_id, state=state)
    log.info("dead_letter_settled", letter_id=str(letter_id), state=state)
    return work


async def _again(door: "Doorway", work: BatchTransaction, record: StoredRecord) -> bool:
    """Handle one stored record; False when it is still at fault and was set aside again.

    The inbox is not asked: the letter's own state makes this happen once. The time rule looks at
    today, so a record that came too early is welcome once its time has come.
    """
    before = len(work.letters)
    for arrival in arrivals(record, datetime.now(UTC), door.clock()):
        await work.apply_one(_in_its_place(arrival))
    return len(work.letters) == before


def _in_its_place(arrival: Arrival) -> Arrival:
    """A row that its Arrow message brought to a foreign partition is at fault for good.

    Alone it looks like a sound record; handled here it would overtake, or be overtaken by, the
    customer's facts in the partition where they are.
    """
    event = arrival.event
    if not isinstance(event, CustomerEvent):
        return arrival
    home = partition_of(event.customer_id)
    if home == arrival.record.tp.partition:
        return arrival
    advice = "discard it here and let its source send it there"
    fault = RecordFault("foreign-partition", f"belongs to {home}: {advice}")
    return replace(arrival, event=None, fault=fault)
