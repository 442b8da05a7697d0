"""A slice of the usage log into the engine: single records and columns by the short way.

Whatever is unusual about a record goes through shared/arrivals.py, which alone knows what is
wrong with it; so both ways refuse alike.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import numpy as np
from msgspec import MsgspecError

from services.alerts.domain.partitions import partitions_of
from services.alerts.engine import columns
from services.alerts.engine.facts import microseconds
from services.alerts.engine.layout import Numbers, Rows
from services.alerts.engine.partition import PartitionEngine
from shared.arrivals import AGE_MAX, EARLY_MAX, Arrival, arrivals
from shared.clock import Clock
from shared.consumer_internals import Record
from shared.deadletters import stored
from shared.errors import RecordFault
from shared.events import arrow
from shared.events.envelope import SEQUENCE_DIGITS
from shared.events.usage import UsageBaseline, UsageRecorded

USAGE_TYPE = UsageRecorded.event_type.encode()
_BASELINE_TYPE = UsageBaseline.event_type.encode()
ARROW = arrow.ARROW.encode()
_ID_DIGITS = 32
_HALF = 2**64 - 1


class Single(NamedTuple):
    """A single record that looks as it should; a tuple, for there are very many."""

    fields: columns.UsageFields
    message: int
    source: str
    sequence: int


class Arrived:
    """When records arrived in business time: one answer for all of a millisecond."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._known: dict[int, tuple[datetime, datetime]] = {}

    def between(self, record: Record) -> tuple[datetime, datetime]:
        """The oldest and the newest time that a record which arrived then may have."""
        return self.limits(record.timestamp)

    def limits(self, logged_ms: int) -> tuple[datetime, datetime]:
        """The same by the broker's own time."""
        found = self._known.get(logged_ms)
        if found is None:
            logged = max(_moment(logged_ms), self.clock.segments[0].wall_from)
            arrived = self.clock.at(logged)
            found = self._known[logged_ms] = (arrived - AGE_MAX, arrived + EARLY_MAX)
        return found


def logged_at(record: Record) -> datetime:
    return _moment(record.timestamp)


def _moment(logged_ms: int) -> datetime:
    return datetime.fromtimestamp(logged_ms / 1000, tz=UTC)


def source_in(headers: dict[str, bytes]) -> str:
    return _source_named(headers.get("ce_source", b""))


@lru_cache(maxsize=64)  # a handful of sources, each a million times
def _source_named(name: bytes) -> str:
    return name.decode("utf-8", "replace").removeprefix("/")


def is_columns(headers: dict[str, bytes]) -> bool:
    return headers.get("content-type") == ARROW


def single_of(record: Record, headers: dict[str, bytes], arrived: Arrived) -> Single | None:
    """A single record by the short way; None if anything about it is unusual."""
    if len(headers) != len(record.headers) or headers.get("ce_specversion") != b"1.0":
        return None
    try:
        fields = columns.decode_fields(record.value or b"")
        identifier = headers["ce_id"].replace(b"-", b"")
        message = int(identifier, 16)
        told = datetime.fromisoformat(headers["ce_time"].decode())
        sequence = headers.get("ce_sequence", b"0")
        number = int(sequence)
    except (MsgspecError, KeyError, ValueError):
        return None
    oldest, newest = arrived.between(record)
    usual = (
        len(identifier) == _ID_DIGITS
        and sequence.isdigit()
        and len(sequence) <= SEQUENCE_DIGITS
        and record.key == fields.customer_id.encode()
        and int(fields.customer_id) < 2**63
        and told.tzinfo is not None
        and told == fields.at
        and oldest <= fields.at <= newest
    )
    return Single(fields, message, source_in(headers), number) if usual else None


def single_of_event(event: UsageRecorded, source: str) -> Single:
    """A sound record that took the long way."""
    fields = columns.UsageFields(
        customer_id=str(event.customer_id),
        county=event.county,
        at=event.at,
        record_id=event.record_id,
        kind=event.kind.value,
        direction=event.direction.value,
        seconds=event.seconds,
        kilobytes=event.kilobytes,
        fen=event.fen,
    )
    return Single(fields, event.event_id.int, source, event.sequence)


def rows_of_singles(singles: list[Single], place_of: Callable[[str], int]) -> Rows:
    rows = columns.from_fields([single.fields for single in singles])
    rows["message_high"] = [single.message >> 64 for single in singles]
    rows["message_low"] = [single.message & _HALF for single in singles]
    rows["source"] = [place_of(single.source) for single in singles]
    return rows


def rows_of_columns(
    record: Record, headers: dict[str, bytes], engine: PartitionEngine, arrived: Arrived
) -> tuple[Rows, list[Arrival]]:
    """The sound rows of an Arrow message, and its bad ones; of a bad message only the fault."""
    try:
        message = UUID(headers["ce_id"].decode())
        table = arrow.read_table(UsageRecorded, record.value or b"")
        rows, doubtful = columns.from_table(table)
    except (KeyError, ValueError, RecordFault):
        return _none(), judged(record, arrived.clock)
    oldest, newest = (microseconds(limit) for limit in arrived.between(record))
    doubtful |= (rows["at"] < oldest) | (rows["at"] > newest)
    doubtful |= _foreign(rows["customer"], engine, record.partition)
    faults: list[Arrival] = []
    if doubtful.any() or len(headers) != len(record.headers):
        faults = judged(record, arrived.clock)
        if any(map(_whole, faults)):
            return _none(), faults
        rows = np.delete(rows, [fault.record.row for fault in faults])
    rows["message_high"], rows["message_low"] = message.int >> 64, message.int & _HALF
    rows["source"] = engine.ledger.sources.place_of(source_in(headers))
    return rows, faults


def _whole(fault: Arrival) -> bool:
    """Whether the message itself is at fault: its bytes are kept as they came."""
    return dict(fault.record.headers).get("content-type") == ARROW


def _none() -> Rows:
    return columns.from_fields([])


def _foreign(customers: Numbers, engine: PartitionEngine, partition: int) -> Numbers:
    """Customers of other partitions: who has a row here was asked when it was made."""
    foreign: Numbers = np.zeros(len(customers), np.bool_)
    new = (engine.rows.find(customers) < 0) & (customers > 0)
    if new.any():
        foreign[new] = partitions_of(customers[new]) != partition
    return foreign


def judged(record: Record, clock: Clock) -> list[Arrival]:
    """The faults of a record, by the models."""
    found = arrivals(stored(record), logged_at(record), clock)
    return [arrival for arrival in found if arrival.fault is not None]


def refused(arrival: Arrival, fault: RecordFault) -> Arrival:
    """A sound record that the engine cannot take."""
    return replace(arrival, event=None, fault=fault)


def message_of(record: Record, headers: dict[str, bytes] | None = None) -> tuple[UUID, date] | None:
    """Id and day of a message that has an inbox row: columns, and opening records."""
    known = headers or dict(record.headers)
    if not (is_columns(known) or known.get("ce_type") == _BASELINE_TYPE):
        return None
    try:
        at = datetime.fromisoformat(known["ce_time"].decode())
        return UUID(known["ce_id"].decode()), at.date()
    except (KeyError, ValueError):
        return None  # its fault is found when it is read
