"""Whatever else changes a row: appended to the customer's usage partition (architecture §6)."""

from collections.abc import Sequence
from dataclasses import replace
from types import GenericAlias

import numpy as np
from numpy.typing import NDArray

from services.alerts.domain import control
from services.alerts.domain.partitions import partitions_of
from services.alerts.engine.bounds import refuse_unholdable
from services.alerts.store import control_numbers
from shared import outbox
from shared.batch_transaction import RunHandler
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.event import CustomerEvent


def merged(kind: type[CustomerEvent]) -> RunHandler:
    """The handler of runs of one type."""

    async def merge(facts: Sequence[CustomerEvent], uow: UnitOfWork) -> None:
        await merge_facts(facts, uow)

    # It says what it is listed for, by which agents are compared with the catalogue.
    merge.__annotations__["facts"] = GenericAlias(Sequence, kind)
    return merge


async def merge_facts(facts: Sequence[CustomerEvent], uow: UnitOfWork) -> None:
    """One control message, or as many as the run's size needs, numbered without a gap.

    Raises:
        RecordFault: a customer of another partition, whose usage this one's engine does not see, or
            a fact that the engine cannot hold: in the log it would stand in everybody's way.
    """
    if uow.source is None:
        raise LookupError("the merger numbers by the position of the batch that it is called in")
    topic, partition = uow.source
    if not (_partitions(facts) == partition).all():
        raise RecordFault("foreign-partition", f"the customer's facts belong not into {partition}")
    for fact in facts:
        refuse_unholdable(fact)
    parts = list(control.in_messages(facts))
    first = await control_numbers.take(uow.connection, topic, partition, count=len(parts))
    now = max(fact.at for fact in facts)
    for number, part in enumerate(parts, first):
        message = control.control_of(part, source=f"{topic}/{partition}", number=number, at=now)
        record = outbox.record_of(message, uow.traces.get(str(part[0].event_id)))
        uow.emit_records([replace(record, partition=partition)])


def _partitions(facts: Sequence[CustomerEvent]) -> NDArray[np.int64]:
    return partitions_of(np.array([fact.customer_id for fact in facts], np.int64))
