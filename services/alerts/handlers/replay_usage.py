"""An operator replays a dead letter of the usage log: it goes into the log again, at its end.

Usage is folded, never handled (shared/fold.py); these handlers see replays alone. To change rows
beside the log would make the next fold of that log answer otherwise.
"""

from dataclasses import replace

from services.alerts.store import control_numbers
from shared import outbox
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.event import Event, effect_id
from shared.events.partition import partition_of
from shared.events.usage import UsageBaseline, UsageControl, UsageHeartbeat, UsageRecorded


async def on_usage_recorded(record: UsageRecorded, uow: UnitOfWork) -> None:
    # Without its number: its source has counted on, and a lower one would be taken for a repeat.
    _append(record.model_copy(update={"sequence": 0}), uow, partition_of(record.customer_id))


async def on_usage_baseline(baseline: UsageBaseline, uow: UnitOfWork) -> None:
    _append(_with_new_id(baseline), uow, partition_of(baseline.customer_id))


async def on_usage_heartbeat(heartbeat: UsageHeartbeat, uow: UnitOfWork) -> None:
    _append(heartbeat, uow, heartbeat.partition)


async def on_usage_control(message: UsageControl, uow: UnitOfWork) -> None:
    """With the next number of the log's own series: its first one has been passed.

    Raises:
        RecordFault: it is not replayed from a partition of the usage log.
    """
    if uow.source is None:
        raise RecordFault("no-source", "a control message is replayed from its partition alone")
    topic, partition = uow.source
    number = await control_numbers.take(uow.connection, topic, partition, count=1)
    source = f"{topic}/{partition}"
    again = message.model_copy(
        update={
            "event_id": effect_id(f"{source}/{number}", UsageControl.event_type),
            "source": source,
            "number": number,
            "sequence": number,
        }
    )
    _append(again, uow, partition)


def _with_new_id(baseline: UsageBaseline) -> UsageBaseline:
    """Its own id stands in the inbox since it was set aside."""
    return baseline.model_copy(
        update={"event_id": effect_id(baseline.event_id, f"{UsageBaseline.event_type}/replayed")}
    )


def _append(event: Event, uow: UnitOfWork, partition: int) -> None:
    uow.emit_records([replace(outbox.record_of(event, None), partition=partition)])
