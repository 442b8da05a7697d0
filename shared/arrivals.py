"""What a fetched record turns into: one fact, the rows of an Arrow message, or a fault."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.deadletters import StoredRecord, headers_text
from shared.errors import RecordFault
from shared.events import arrow, catalogue, envelope
from shared.events.event import Event, effect_id

EARLY_MAX = timedelta(minutes=5)  # a source's clock may run ahead of the log's by this much
AGE_MAX = timedelta(days=400)
BILLING_AGE_MAX = timedelta(days=40 * 31)  # 40 months: an operator corrects old bills
_BILLING = "holdfast.billing.v1"


@dataclass(frozen=True)
class Arrival:
    """One fact of one record, or the reason why there is none."""

    record: StoredRecord
    logged_at: datetime
    message_id: UUID | None
    event: Event | None
    fault: RecordFault | None

    @property
    def key(self) -> str | None:
        """What orders it: the customer where we know one, else the record's own key."""
        return (self.event.key if self.event else None) or self.record.key

    @property
    def commuting(self) -> bool:
        return self.event is not None and catalogue.route_of(self.event.event_type).commuting


def arrivals(record: StoredRecord, logged_at: datetime, clock: Clock) -> Iterator[Arrival]:
    """Decode a record; nothing it may contain raises, a fault is an answer.

    `logged_at` is the broker's log-append time. The time rule reads only the log and the clock
    segments, so a replay decides alike (architecture §5).
    """
    headers = headers_text(record.headers)
    try:
        if arrow.is_arrow(headers):
            yield from _rows(record, logged_at, clock)
            return
        event = envelope.decode(headers, record.value)
        _refuse_untimely(event.at, record.tp.topic, clock.at(logged_at))
    except RecordFault as fault:
        yield Arrival(record, logged_at, _message_id(headers), None, fault)
        return
    yield Arrival(record, logged_at, event.event_id, event, None)


def _rows(record: StoredRecord, logged_at: datetime, clock: Clock) -> Iterator[Arrival]:
    headers = headers_text(record.headers)
    events, faults = arrow.decode_rows(headers, record.value, record.tp.partition)
    message_id = envelope.message_id(headers)
    arrived = clock.at(logged_at)
    for event in events:
        fault: RecordFault | None = None
        try:
            _refuse_untimely(event.at, record.tp.topic, arrived)
        except RecordFault as untimely:
            fault = untimely
        yield Arrival(record, logged_at, message_id, None if fault else event, fault)
    for bad in faults:
        yield Arrival(_row_record(record, bad), logged_at, message_id, None, bad.fault)


def _row_record(record: StoredRecord, bad: arrow.RowFault) -> StoredRecord:
    """The row as a record of its own, so that a mended one can be replayed without the batch."""
    headers = headers_text(record.headers) | {
        "content-type": envelope.JSON,
        "ce_id": str(effect_id(envelope.message_id(headers_text(record.headers)), "row", bad.row)),
    }
    return StoredRecord(
        tp=record.tp,
        offset=record.offset,
        row=bad.row,
        key=bad.key,
        headers=tuple((name, value.encode()) for name, value in headers.items()),
        value=bad.value,
    )


def _refuse_untimely(at: datetime, topic: str, arrived: datetime) -> None:
    oldest = BILLING_AGE_MAX if topic == _BILLING else AGE_MAX
    if at > arrived + EARLY_MAX:
        raise RecordFault("future", f"at {at.isoformat()}, but it arrived {arrived.isoformat()}")
    if at < arrived - oldest:
        raise RecordFault("too-old", f"at {at.isoformat()}, older than {oldest.days} days")


def _message_id(headers: dict[str, str]) -> UUID | None:
    try:
        return UUID(headers.get("ce_id", ""))
    except ValueError:
        return None


def in_runs(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Consecutive facts of one type, in order."""
    run: list[Event] = []
    for event in events:
        if run and type(event) is not type(run[0]):
            yield run
            run = []
        run.append(event)
    if run:
        yield run
