"""What happens to a slice of arrivals inside one transaction: dedupe, handle, set aside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import text

from shared import dead_letter_store, telemetry
from shared.arrivals import Arrival, in_runs
from shared.database import Mark, UnitOfWork
from shared.deadletters import (
    DeadLetter,
    StoredRecord,
    dead_letter,
    headers_text,
    is_blocking,
    letter_told,
    text_of,
)
from shared.errors import RecordFault
from shared.events import catalogue
from shared.events.event import Event
from shared.faults import is_worlds_fault
from shared.tracing import trace_of

EachHandler = Callable[..., Awaitable[None]]
RunHandler = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Each:
    """The handler sees record by record: `handler(event, uow)`."""

    handler: EachHandler


@dataclass(frozen=True)
class Run:
    """The handler sees a run of consecutive records of one type: `handler(events, uow)`."""

    handler: RunHandler


Handlers = Mapping[type[Event], Each | Run]


_FRESH = text("""
    INSERT INTO inbox (day, ce_id)
    SELECT day, id FROM unnest(CAST(:days AS date[]), CAST(:ids AS uuid[])) AS seen (day, id)
    ORDER BY day, id
    ON CONFLICT DO NOTHING
    RETURNING ce_id
""")


@dataclass
class BatchTransaction:
    """Applies arrivals in order. `blocked` is a copy: the lane takes it over after the commit."""

    handlers: Handlers
    uow: UnitOfWork
    service: str
    blocked: dict[str, UUID]
    letters: list[DeadLetter] = field(default_factory=list[DeadLetter])
    parked: list[tuple[StoredRecord, UUID]] = field(default_factory=list[tuple[StoredRecord, UUID]])

    async def apply(self, arrivals: Sequence[Arrival], *, careful: bool) -> None:
        """Handle what is fresh and sound; in `careful` mode a fault costs its record alone."""
        fresh = await self._without_repeats(arrivals)
        await (self._bisect(fresh) if careful else self._handle(fresh))
        await self.store_set_aside()

    async def apply_one(self, arrival: Arrival) -> None:
        """Handle a record that was set aside before, without asking the inbox."""
        await self._bisect([arrival])

    def count_set_aside(self) -> None:
        """Count once it is committed: what a rollback took back was never set aside."""
        for letter in self.letters:
            telemetry.DEAD_LETTERS.labels(topic=letter.record.tp.topic, reason=letter.reason).inc()
        for record, _ in self.parked:
            telemetry.PARKED.labels(topic=record.tp.topic).inc()

    async def store_set_aside(self) -> None:
        await dead_letter_store.insert(self.uow.connection, self.letters)
        await dead_letter_store.park(self.uow.connection, self.parked)

    async def _without_repeats(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Drop messages whose id was seen; types that are their own inbox dedupe by their key."""
        guarded = {
            a.message_id: _day(a.event)
            for a in arrivals
            if a.event and a.message_id and not _own_inbox(a.event)
        }
        if not guarded:
            return list(arrivals)
        rows = await self.uow.connection.execute(
            _FRESH, {"ids": list(guarded), "days": list(guarded.values())}
        )
        new = {row.ce_id for row in rows}
        kept: list[Arrival] = []
        for arrival in arrivals:
            if arrival.message_id not in guarded or arrival.message_id in new:
                kept.append(arrival)
                # Twice in one slice: an Arrow message keeps its rows, a second message goes.
                if arrival.event and arrival.message_id == arrival.event.event_id:
                    new.discard(arrival.message_id)
        return kept

    async def _handle(self, arrivals: Sequence[Arrival]) -> None:
        for run in in_runs(self._sound(arrivals)):
            match self.handlers.get(type(run[0])):
                case Each(handler):
                    for event in run:
                        await handler(event, self.uow)
                case Run(handler):
                    await handler(run, self.uow)
                case None:
                    pass  # a known fact of this topic that this service does not read

    def _sound(self, arrivals: Sequence[Arrival]) -> list[Event]:
        """The facts to handle; faulty ones become letters, those behind a letter park."""
        sound: list[Event] = []
        for arrival in arrivals:
            letter_id = self.blocked.get(arrival.key or "")
            if arrival.fault is not None:
                self._set_aside(arrival, arrival.fault)
            elif letter_id is not None and not arrival.commuting:
                self.parked.append((arrival.record, letter_id))
            elif arrival.event is not None:
                self._remember_trace(arrival, arrival.event)
                sound.append(arrival.event)
        return sound

    async def _bisect(self, arrivals: Sequence[Arrival]) -> None:
        """Try a half, then the other, down to the one record that is at fault."""
        if not arrivals:
            return
        before = self._mark()
        try:
            async with self.uow.connection.begin_nested():
                await self._handle(arrivals)
        except Exception as error:
            # The one broad catch: whatever a handler raises is either the world's fault, and the
            # whole batch waits, or this record's, and it is set aside with its reason.
            if is_worlds_fault(error):
                raise
            self._roll_back_to(before)
            if len(arrivals) == 1:
                self._set_aside(arrivals[0], as_record_fault(error))
                return
            middle = len(arrivals) // 2
            await self._bisect(arrivals[:middle])
            await self._bisect(arrivals[middle:])

    def _mark(self) -> tuple[Mark, int, int, dict[str, UUID]]:
        return self.uow.mark(), len(self.letters), len(self.parked), dict(self.blocked)

    def _roll_back_to(self, mark: tuple[Mark, int, int, dict[str, UUID]]) -> None:
        held, letters, parked, self.blocked = mark
        self.uow.forget_after(held)
        del self.letters[letters:]
        del self.parked[parked:]

    def _set_aside(self, arrival: Arrival, fault: RecordFault) -> None:
        letter = dead_letter(arrival.own_record(), fault, key=arrival.key)
        self.letters.append(letter)
        self.uow.emit(letter_told(letter, self.service, at=arrival.arrived))
        if is_blocking(letter.record.key, headers_text(arrival.record.headers)):
            self.blocked.setdefault(letter.record.key or "", letter.id)

    def _remember_trace(self, arrival: Arrival, event: Event) -> None:
        # Two of a dozen headers; the whole of them as text would cost more than the bill.
        headers = dict(arrival.record.headers)
        event_id = str(event.event_id)
        correlation = headers.get("ce_correlationid", event_id.encode())
        self.uow.traces[event_id] = trace_of(
            text_of(headers.get("traceparent", b"")), text_of(correlation)
        )


def as_record_fault(error: Exception) -> RecordFault:
    """A typed fault as it is; anything else is a bug met by this record, named by its class."""
    if isinstance(error, RecordFault):
        return error
    return RecordFault("handler-error", f"{type(error).__name__}: {error}")


def _own_inbox(event: Event) -> bool:
    return catalogue.route_of(event.event_type).own_inbox


def _day(event: Event) -> date:
    return event.at.date()
