"""A source says how far it is: told to every usage partition as often as watermarks need it."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.domain.heartbeats import Beat, is_worth_writing
from services.alerts.domain.identities import moment
from services.alerts.handlers.take_usage import UnknownSource
from services.alerts.store import sources
from services.alerts.store.usage_log import LogRecord, UsageLog
from shared.events import envelope
from shared.events.catalogue import CUSTOMER_PARTITIONS
from shared.events.event import effect_id
from shared.events.usage import UsageHeartbeat
from shared.tracing import Trace


@dataclass(frozen=True)
class Pulse:
    """The last heartbeat of each source that this process wrote."""

    engine: AsyncEngine
    log: UsageLog
    beats: dict[str, Beat] = field(default_factory=dict[str, Beat])


async def tell_heartbeat(
    source: str, at: datetime, pulse: Pulse, *, machine_now: float, trace: Trace
) -> bool:
    """Whether it was worth a record.

    Raises:
        UnknownSource: nobody registered it.
        Unavailable: Kafka is away.
    """
    last = pulse.beats.get(source)
    if last is None:
        async with pulse.engine.connect() as connection:
            if await sources.registered_at(connection, source) is None:
                raise UnknownSource(f"No source {source}")
    if not is_worth_writing(last, at=at, machine_now=machine_now):
        return False
    await pulse.log.append(
        [_record(source, at, partition, trace) for partition in range(CUSTOMER_PARTITIONS)]
    )
    pulse.beats[source] = Beat(at, machine_now)
    return True


def _record(source: str, at: datetime, partition: int, trace: Trace) -> LogRecord:
    event_type = UsageHeartbeat.event_type
    beat = UsageHeartbeat(
        event_id=effect_id(f"{source}/{at.isoformat()}", event_type, partition),
        subject=f"source/{source}",
        sequence=moment(at),
        at=at,
        source=source,
        partition=partition,
    )
    headers, value = envelope.encode(beat, trace)
    return LogRecord(partition, headers, value)
