"""Dead letters and what parks behind them: rows first, in the transaction that moves the position.

A record at fault becomes a `dead_letter` row with its bytes, its origin and a reason. Unless its
type commutes, later records of the same key park behind it, so the order of that customer's facts
holds. An operator asks for a replay or a discard (`holdfast deadletters`); the worker that owns the
partition carries it out between two batches, so nothing overtakes.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from aiokafka import TopicPartition

from shared.consumer_internals import Record
from shared.errors import RecordFault
from shared.events import catalogue
from shared.events.deadletters import EXCERPT_BYTES, DeadLetterRecorded
from shared.events.event import effect_id

DETAIL_MAX = 2_000  # characters; a validation error of a hostile record can be megabytes


@dataclass(frozen=True)
class StoredRecord:
    """A record as it lies in `dead_letter` or `parked`: enough to handle it as if just fetched."""

    tp: TopicPartition
    offset: int
    row: int
    key: str | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes

    @property
    def was_on_log(self) -> bool:
        """What a service parked by itself never was: no key chose its partition."""
        return self.offset >= 0


@dataclass(frozen=True)
class DeadLetter:
    id: UUID
    record: StoredRecord
    reason: str
    detail: str
    sha256: str


def stored(record: Record, *, row: int = 0) -> StoredRecord:
    return StoredRecord(
        tp=TopicPartition(record.topic, record.partition),
        offset=record.offset,
        row=row,
        key=text_of(record.key) if record.key is not None else None,
        headers=tuple(record.headers),
        value=record.value or b"",
    )


def dead_letter(record: StoredRecord, fault: RecordFault, *, key: str | None) -> DeadLetter:
    """The letter of a record (or of one row of an Arrow message), with an id that repeats."""
    origin = f"{record.tp.topic}/{record.tp.partition}/{record.offset}/{record.row}"
    return DeadLetter(
        id=effect_id(origin, "dead_letter"),
        record=StoredRecord(
            record.tp, record.offset, record.row, key, record.headers, record.value
        ),
        reason=fault.reason,
        # It may quote the record, as the name of a column: no less hostile than keys and headers.
        detail=text_of(fault.detail.encode("utf-8", "backslashreplace"))[:DETAIL_MAX],
        sha256=hashlib.sha256(record.value).hexdigest(),
    )


def letter_told(letter: DeadLetter, service: str, *, at: datetime) -> DeadLetterRecorded:
    """The fact that a record was set aside; `at` is when it arrived, in business time."""
    record = letter.record
    return DeadLetterRecorded(
        # A record has the same letter in every service that reads it; each tells a fact of its own.
        event_id=effect_id(f"{letter.id}/{service}", DeadLetterRecorded.event_type),
        subject=f"dead_letter/{letter.id}",
        at=at,
        letter_id=letter.id,
        service=service,
        topic=record.tp.topic,
        partition=record.tp.partition,
        offset=record.offset,
        row=record.row,
        original_key=record.key,
        reason=letter.reason,
        sha256=letter.sha256,
        excerpt=base64.b64encode(record.value[:EXCERPT_BYTES]).decode(),
    )


def is_blocking(key: str | None, headers: Mapping[str, str]) -> bool:
    """Whether later records of this key must wait: yes, unless the type is declared commuting."""
    if key is None:
        return False
    route = catalogue.find_route(headers.get("ce_type", ""))
    return route is None or not route.commuting


def text_of(value: bytes) -> str:
    # Hostile bytes must stay storable: PostgreSQL's text holds no NUL and only valid UTF-8.
    return value.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def headers_text(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Headers as text, for jsonb; the last of a repeated name wins, hostile bytes are escaped."""
    told = list(headers)
    try:
        text = {name: value.decode() for name, value in told}
    except UnicodeDecodeError:
        text = None
    if text is None or "\x00" in "".join(chain(text, text.values())):
        return {text_of(name.encode()): text_of(value) for name, value in told}
    return text
