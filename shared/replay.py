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
from shared.dead_letter_store import Request
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

    One transaction: the letter, then its parked records in order, up to the next letter of the
    same key. The first of them that fails becomes a letter of its own. Behind either the rest goes
    on waiting; a letter that is replayed before an earlier one waits there itself. Of a message
    that became readable each bad row has a letter of its own. None when somebody else
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
    if not request.discard:
        await _again(door, work, request.record)
        if letter_id in {letter.id for letter in work.letters}:
            await work.store_set_aside()
            return work
    await _release(door, work, request)
    state = "discarded" if request.discard else "replayed"
    await dead_letter_store.settle(uow.connection, letter_id, state=state)
    log.info("dead_letter_settled", letter_id=str(letter_id), state=state)
    return work


async def _release(door: "Doorway", work: BatchTransaction, request: Request) -> None:
    """Handle what waited behind a letter, up to the next one of its key; the rest waits there."""
    connection, key = work.uow.connection, request.record.key or ""
    other = await dead_letter_store.other_of_key(connection, request)
    for record in await dead_letter_store.parked_behind(connection, request.letter_id):
        if key in work.blocked or (other is not None and record.offset > other[1]):
            break
        await dead_letter_store.unpark(connection, record)
        await _again(door, work, record)
    await work.store_set_aside()
    if other is not None:
        work.blocked.setdefault(key, other[0])
    if (successor := work.blocked.get(key)) is not None:
        await dead_letter_store.repark(connection, request.letter_id, successor=successor)


async def _again(door: "Doorway", work: BatchTransaction, record: StoredRecord) -> None:
    """Handle one stored record; if it is still at fault it is set aside again.

    The inbox is not asked: the letter's own state makes this happen once. The time rule looks at
    today, so a record that came too early is welcome once its time has come.
    """
    for arrival in arrivals(record, datetime.now(UTC), door.clock()):
        await work.apply_one(_in_its_place(arrival))


def _in_its_place(arrival: Arrival) -> Arrival:
    """A row that its Arrow message brought to a foreign partition is at fault for good.

    Alone it looks like a sound record; handled here it would overtake, or be overtaken by, the
    customer's facts in the partition where they are.
    """
    event = arrival.event
    if not (isinstance(event, CustomerEvent) and arrival.record.was_on_log):
        return arrival
    home = partition_of(event.customer_id)
    if home == arrival.record.tp.partition:
        return arrival
    advice = "discard it here and let its source send it there"
    fault = RecordFault("foreign-partition", f"belongs to {home}: {advice}")
    return replace(arrival, event=None, fault=fault)
