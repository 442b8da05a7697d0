"""What a fetched record turns into: one fact, the rows of an Arrow message, or a fault."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.deadletters import StoredRecord, headers_text
from shared.errors import RecordFault
from shared.events import arrow, catalogue, envelope
from shared.events.event import CustomerEvent, Event
from shared.events.usage import UsageControl

EARLY_MAX = timedelta(minutes=5)  # a source's clock may run ahead of the log's by this much
AGE_MAX = timedelta(days=400)
BILLING_AGE_MAX = timedelta(days=40 * 31)  # 40 months: an operator corrects old bills
_BILLING = "holdfast.billing.v1"


@dataclass(frozen=True)
class Arrival:
    """One fact of one record, or the reason why there is none."""

    record: StoredRecord
    arrived: datetime
    message_id: UUID | None
    event: Event | None
    fault: RecordFault | None
    row: int | None = None

    @property
    def key(self) -> str | None:
        """What orders it: the customer where we know one, else the record's own key."""
        return (self.event.key if self.event else None) or self.record.key

    def own_record(self) -> StoredRecord:
        """What is kept when it is set aside: of an Arrow message this one row and no other."""
        if self.row is None or not isinstance(self.event, CustomerEvent):
            return self.record
        headers, value = arrow.record_of_row(headers_text(self.record.headers), self.event)
        return _record_of_row(self.record, self.row, headers, value, self.event.key)

    @property
    def commuting(self) -> bool:
        return self.event is not None and catalogue.route_of(self.event.event_type).commuting


def arrivals(record: StoredRecord, logged_at: datetime, clock: Clock) -> Iterator[Arrival]:
    """Decode a record; nothing it may contain raises, a fault is an answer.

    `logged_at` is the broker's log-append time. The time rule reads only the log and the clock
    segments, so a replay decides alike (architecture §5).
    """
    headers = headers_text(record.headers)
    # What was logged before business time began arrived at its beginning.
    arrived = clock.at(max(logged_at, clock.segments[0].wall_from))
    try:
        if len(headers) < len(record.headers):
            envelope.refuse_repeated(name for name, _ in record.headers)
        _refuse_elsewhere(headers, record.tp.topic)
        if arrow.is_arrow(headers):
            yield from _rows(record, headers, arrived)
            return
        event = envelope.decode(headers, record.value)
        if record.was_on_log:
            _refuse_other_key(event, record.key)
        # A control record's facts were timely on their own topic, where a bill may be older than
        # usage may; it moves no watermark, and a hole in its numbers would stop the engine.
        if not isinstance(event, UsageControl):
            _refuse_untimely(event.at, record.tp.topic, arrived)
    except RecordFault as fault:
        yield Arrival(record, arrived, _message_id(headers), None, fault)
        return
    yield Arrival(record, arrived, event.event_id, event, None)


def _rows(record: StoredRecord, headers: dict[str, str], arrived: datetime) -> Iterator[Arrival]:
    events, faults = arrow.decode_rows(headers, record.value, record.tp.partition)
    message_id = envelope.message_id(headers)
    for row, event in events.items():
        sound = Arrival(record, arrived, message_id, event, None, row)
        try:
            _refuse_untimely(event.at, record.tp.topic, arrived)
        except RecordFault as fault:
            yield Arrival(sound.own_record(), arrived, message_id, None, fault)
        else:
            yield sound
    for bad in faults:
        own = _record_of_row(record, bad.row, bad.headers, bad.value, bad.key)
        yield Arrival(own, arrived, message_id, None, bad.fault)


def _record_of_row(
    record: StoredRecord, row: int, headers: dict[str, str], value: bytes, key: str | None
) -> StoredRecord:
    own = tuple((name, text.encode()) for name, text in headers.items())
    return replace(record, row=row, key=key, headers=own, value=value)


def _refuse_elsewhere(headers: dict[str, str], topic: str) -> None:
    """Rights are given by topic: who may write to one must not tell another's facts on it."""
    route = catalogue.find_route(headers.get("ce_type", ""))
    if route is not None and route.topic.name != topic:
        raise RecordFault("wrong-topic", f"{route.event_type} belongs on {route.topic.name}")


def _refuse_other_key(event: Event, key: str | None) -> None:
    """The key chose the partition: under another one, order among a customer's facts is lost."""
    if event.key is not None and event.key != key:
        # The key itself is not quoted: it may be a telephone number.
        raise RecordFault("wrong-key", "the record's key is not that of its fact")


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
