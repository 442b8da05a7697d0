"""An operator registers a source of usage: from its place in the log on, watermarks wait for it."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.alerts.domain import control
from services.alerts.store import control_numbers, sources
from shared import outbox
from shared.database import UnitOfWork
from shared.events.catalogue import CUSTOMER_PARTITIONS


@dataclass(frozen=True)
class Registration:
    """Who registers what, and the request that it is."""

    source: str
    by: str
    cause: str
    at: datetime


async def register_source(asked: Registration, uow: UnitOfWork) -> datetime:
    """Tell every usage partition, once; answer since when the source is registered."""
    fresh = await sources.register(uow.connection, asked.source, at=asked.at, by=asked.by)
    if not fresh:
        since = await sources.registered_at(uow.connection, asked.source)
        return since or asked.at
    partitions = range(CUSTOMER_PARTITIONS)
    numbers = await control_numbers.take_for_act(uow.connection, control.HTTP, partitions)
    for partition, number in sorted(numbers.items()):
        act = control.act_of(
            control.SOURCE_REGISTERED,
            {"source": asked.source, "at": asked.at},
            partition=partition,
            number=number,
            at=asked.at,
            cause=asked.cause,
        )
        record = outbox.record_of(act, uow.traces.get(asked.cause))
        uow.emit_records([replace(record, partition=partition)])
    return asked.at
