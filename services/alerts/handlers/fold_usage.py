"""The usage log of one partition into its engine, slice by slice (architecture §6)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from aiokafka import TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.domain import control
from services.alerts.domain.outcome import Outcome
from services.alerts.engine.facts import microseconds
from services.alerts.engine.hits import Hit
from services.alerts.engine.layout import Numbers
from services.alerts.engine.partition import ControlGap, PartitionEngine
from services.alerts.engine.rules import activation_in
from services.alerts.engine.scan_records import Scanned
from services.alerts.handlers.group_hits import take_effect
from services.alerts.handlers.read_usage import (
    USAGE_TYPE,
    Arrived,
    Single,
    is_columns,
    logged_at,
    message_of,
    refused,
    rows_of_columns,
    rows_of_singles,
    single_of,
    single_of_event,
    source_in,
)
from services.alerts.handlers.scan_usage import SliceScan, fresh, runs, unusual
from services.alerts.store import checkpoints, seen_usage
from shared import telemetry
from shared.arrivals import arrivals
from shared.clock import Clock
from shared.consumer_internals import Record
from shared.database import UnitOfWork
from shared.deadletters import headers_text, stored
from shared.errors import RecordFault
from shared.events.catalogue import find_route
from shared.events.event import Event
from shared.events.usage import UsageControl, UsageHeartbeat, UsageRecorded
from shared.fold import Folded, FoldStopped
from shared.raw_records import RawRecords, offsets_in
from shared.tracing import Trace, trace_of


@dataclass
class Slice:
    """What one fold brings: hits and outcomes in the log's order, and what is counted."""

    folded: Folded = field(default_factory=Folded)
    effects: list[Hit | Outcome] = field(default_factory=list[Hit | Outcome])
    singles: list[Single] = field(default_factory=list[Single])
    messages: dict[UUID, date] = field(default_factory=dict[UUID, date])
    traces: dict[str, Trace] = field(default_factory=dict[str, Trace])
    repeats: list[int] = field(default_factory=list[int])
    rows: int = 0


class UsageSlices:
    """Folds slices into `engine`; `skipped` are offsets that were repeats when first folded."""

    def __init__(
        self, tp: TopicPartition, engine: PartitionEngine, skipped: set[int], begins_at: int
    ) -> None:
        self.stands_at = begins_at
        self.tp = tp
        self.engine = engine
        self.slice = Slice()
        self.rows_folded = 0
        self._skipped = skipped
        self._asked: dict[UUID, date] = {}
        self._seen: set[UUID] = set()
        self._late = 0
        self._marked = False
        self._scan = SliceScan()

    @property
    def read_from(self) -> int:
        return self.stands_at

    def must_look(self, records: Sequence[Record]) -> bool:
        """Messages with an inbox row: a repeated upload repeats their ids."""
        asked = records
        if isinstance(records, RawRecords):
            asked = [records[place] for place in unusual(self._scan.of(records))]
        self._asked = dict(filter(None, map(message_of, asked)))
        self._seen = set()
        return bool(self._asked)

    async def look(self, connection: AsyncConnection) -> None:
        """Which of them were folded before."""
        self._seen = await seen_usage.seen(connection, self._asked)

    def fold(self, records: Sequence[Record], clock: Clock) -> Folded:
        if not self._marked:
            self.engine.mark()
            self._marked = True
            self._late = int(self.engine.ledger.progress[0]["late"])
            self.slice = Slice()
        self._fold(records, Arrived(clock))
        return self.slice.folded

    def refold(self, records: Sequence[Record], clock: Clock) -> None:
        """Effects of these are written; what was skipped as a repeat then is skipped again."""
        self._seen = set()
        self._fold(records, Arrived(clock), self._skipped)
        self.slice = Slice()
        self.stands_at = offsets_in(records)[-1] + 1
        self._scan.forget()
        self.engine.mark()

    async def write(self, uow: UnitOfWork) -> None:
        took = self.slice
        await seen_usage.insert(uow.connection, took.messages)
        await checkpoints.skip(uow.connection, self.tp.partition, took.repeats)
        uow.traces.update(took.traces)
        await take_effect(took.effects, uow)

    def keep(self, next_offset: int) -> None:
        self.stands_at = next_offset
        self._skipped.update(self.slice.repeats)
        self.rows_folded += self.slice.rows
        late = int(self.engine.ledger.progress[0]["late"]) - self._late
        telemetry.USAGE_FOLDED.labels(outcome="late").inc(late)
        telemetry.USAGE_FOLDED.labels(outcome="folded").inc(self.slice.rows - late)
        telemetry.USAGE_FOLDED.labels(outcome="repeated").inc(len(self.slice.repeats))
        self.slice = Slice()
        self._scan.forget()
        self.engine.rows.forget()
        self._marked = False

    def undo(self) -> None:
        if self._marked:
            self.engine.undo()
            self._marked = False

    def _fold(
        self, records: Sequence[Record], arrived: Arrived, skipped: Collection[int] = ()
    ) -> None:
        if not isinstance(records, RawRecords):
            self._take_each([r for r in records if r.offset not in skipped], arrived)
            return
        scanned = self._scan.of(records)
        for run in runs(scanned, arrived):
            offsets = records.offsets[run.begin : run.end]
            if not run.usual:
                places = zip(range(run.begin, run.end), offsets, strict=True)
                self._take_each([records[n] for n, at in places if at not in skipped], arrived)
                continue
            found = scanned.part(run.begin, run.end)
            if skipped:
                found = found.only([at not in skipped for at in offsets])
            self._take_rows(found, offsets)

    def _take_rows(self, found: Scanned, offsets: range) -> None:
        """Usual single records, read on their bytes."""
        new = fresh(found, self.engine)
        rows = found.rows[new]
        place_of = self.engine.ledger.sources.place_of
        places: Numbers = np.array([place_of(source) for source in found.sources], np.int32)
        rows["source"] = places[rows["source"]]
        self.slice.repeats += (np.flatnonzero(~new) + offsets.start).tolist()
        self.slice.rows += len(rows)
        self.slice.effects += self.engine.fold_usage(rows)
        self.slice.folded.taken[UsageRecorded.event_type] += len(found.rows)

    def _take_each(self, records: Sequence[Record], arrived: Arrived) -> None:
        singles = 0
        for record in records:
            headers = dict(record.headers)
            if headers.get("ce_type") == USAGE_TYPE and not is_columns(headers):
                single = single_of(record, headers, arrived)
                if single is not None:
                    singles += 1
                    self._take_single(record, single)
                    continue
            self._flush()
            self._take_message(record, headers, arrived)
        self._flush()
        self.slice.folded.taken[UsageRecorded.event_type] += singles

    def _take_message(self, record: Record, headers: dict[str, bytes], arrived: Arrived) -> None:
        """Whatever is no plain single record."""
        kind = headers.get("ce_type", b"")
        if self._is_repeat(record, headers):
            return
        if kind == USAGE_TYPE and is_columns(headers):
            rows, faults = rows_of_columns(record, headers, self.engine, arrived)
            self.slice.folded.faults += faults
            self.slice.rows += len(rows)
            self.slice.effects += self.engine.fold_usage(rows)
        else:
            self._take_slowly(record, arrived.clock)
        if find_route(kind.decode("utf-8", "replace")):
            self.slice.folded.taken[kind.decode()] += 1

    def _is_repeat(self, record: Record, headers: dict[str, bytes]) -> bool:
        """A message whose id was folded before, in an earlier slice or in this one."""
        message = message_of(record, headers)
        if message is None:
            return False
        if message[0] in self._seen or message[0] in self.slice.messages:
            self.slice.repeats.append(record.offset)
            return True
        self.slice.messages[message[0]] = message[1]
        return False

    def _take_single(self, record: Record, single: Single) -> None:
        if self.engine.is_new_record(single.source, single.sequence):
            self.slice.singles.append(single)
        else:
            self.slice.repeats.append(record.offset)

    def _flush(self) -> None:
        """Single records wait for each other: the kernel takes them together."""
        singles, self.slice.singles = self.slice.singles, []
        if singles:
            place_of = self.engine.ledger.sources.place_of
            self.slice.rows += len(singles)
            self.slice.effects += self.engine.fold_usage(rows_of_singles(singles, place_of))

    def _take_slowly(self, record: Record, clock: Clock) -> None:
        for arrival in arrivals(stored(record), logged_at(record), clock):
            if arrival.event is None:
                self.slice.folded.faults.append(arrival)
                continue
            try:
                self._take(arrival.event, record)
            except RecordFault as fault:
                self.slice.folded.faults.append(refused(arrival, fault))
            except ControlGap as gap:
                raise FoldStopped(
                    f"{gap} are missing at offset {record.offset}. Restore the log, or rebuild "
                    "the rows from a checkpoint before it with `holdfast positions move`."
                ) from gap

    def _take(self, event: Event, record: Record) -> None:
        match event:
            case UsageRecorded():
                source = source_in(dict(record.headers))
                self._take_single(record, single_of_event(event, source))
                self._flush()
            case UsageHeartbeat():
                if event.partition != self.tp.partition:
                    raise RecordFault("foreign-partition", f"belongs to {event.partition}")
                self.slice.effects += self.engine.hear(event.source, microseconds(event.at))
            case UsageControl():
                self._take_control(event, headers_text(record.headers))
            case _:
                self._apply(event)

    def _take_control(self, message: UsageControl, headers: dict[str, str]) -> None:
        if not self.engine.is_new_control(message.source, message.number):
            return
        match message.kind:
            case control.SOURCE_REGISTERED:
                self.engine.ledger.sources.register(_source_in(control.fields_in(message)))
            case control.RULE_ACTIVATED:
                self.engine.activate(activation_in(control.fields_in(message)))
            case _:
                trace = trace_of(
                    headers.get("traceparent"),
                    headers.get("ce_correlationid", str(message.event_id)),
                )
                for fact in control.facts_in(message):
                    if self._apply(fact):
                        self.slice.traces[str(fact.event_id)] = trace

    def _apply(self, fact: Event) -> bool:
        """A fact into its row; whether it has an effect beyond it."""
        hit = self.engine.apply(fact)
        if hit is not None:
            self.slice.effects.append(hit)
        if isinstance(fact, Outcome):
            self.slice.effects.append(fact)
        return hit is not None or isinstance(fact, Outcome)


def _source_in(fields: dict[str, Any]) -> str:
    name = fields.get("source")
    if not isinstance(name, str) or not name:
        raise RecordFault("schema", "control of a source: it has no name")
    return name
