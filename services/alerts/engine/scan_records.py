"""Single usage records on the bytes of fetched record batches, as rows (docs/decisions/0013).

A jitted scanner reads Kafka's framing, the envelope's headers and the flat JSON in one pass. A
record about which anything is unusual is left to the long way, and so is every other message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import RECORD, Numbers, Rows
from services.alerts.engine.scan_fields import scan_fields
from services.alerts.engine.text import (
    NO_MOMENT,
    customer_in,
    half_of_id,
    is_id,
    moment_in,
    sequence_in,
    word_at,
    words,
)
from shared.events.envelope import JSON, SEQUENCE_DIGITS
from shared.events.usage import UsageRecorded

SOURCES_MAX = 16  # different sources in one slice; the records of more go the long way
HALF_AN_ID = 18  # of its letters, two of them dashes

TOLD = np.dtype(
    [
        ("usual", "u1"),
        ("sequence", "i8"),
        ("logged_ms", "i8"),  # when the broker took it, since 1970
    ]
)

_BATCH_HEAD, _LENGTH, _ATTRIBUTES, _FIRST_TIME, _NEWEST_TIME, _COUNT = 61, 8, 21, 27, 35, 57
_BEFORE_LENGTH = 12
_LOG_APPEND_TIME = 8  # of the attributes: all records of the batch have its newest time

_HEADERS, _HEADER_LENGTHS = words(
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_time",
    "ce_subject",
    "ce_sequence",
    "ce_correlationid",
    "traceparent",
    "content-type",
    "ce_causationid",
    "ce_causationtype",
    "tracestate",
)
_VERSION, _ID, _SOURCE, _TYPE, _TIME, _SUBJECT, _SEQUENCE, _CORRELATION, _PARENT, _CONTENT = range(
    10
)
_NEEDED = 1 << _VERSION | 1 << _ID | 1 << _TYPE | 1 << _TIME
_CONSTANTS, _CONSTANT_LENGTHS = words("1.0", UsageRecorded.event_type, JSON)
_IS_VERSION, _IS_USAGE, _IS_JSON = range(3)


@dataclass(frozen=True)
class Scanned:
    """Rows and what is told of them, record by record; only the usual ones' count."""

    rows: Rows  # whose `source` is a place in `sources`
    told: Rows
    sources: list[str]

    def only(self, kept: Sequence[bool] | Numbers) -> "Scanned":
        return Scanned(self.rows[kept], self.told[kept], self.sources)

    def part(self, begin: int, end: int) -> "Scanned":
        return Scanned(self.rows[begin:end], self.told[begin:end], self.sources)


@jitted
def varint(data: Numbers, at: int, end: int) -> tuple[int, int]:
    """A zigzag number and where it ends; beyond `end` if it does not end."""
    value, shift = 0, 0
    while at < end and shift < 64:  # noqa: PLR2004 - bits.
        byte = int(data[at])
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:  # noqa: PLR2004 - the last of them.
            return (value >> 1) ^ -(value & 1), at
        shift += 7
    return 0, end + 1


@jitted
def _big_endian(data: Numbers, at: int, size: int) -> int:
    value = 0
    for n in range(size):
        value = (value << 8) | int(data[at + n])
    return value


@jitted
def _source_place(data: Numbers, begin: int, end: int, sources: Numbers) -> int:
    """The place of a source among those met in this scan; -1 if there are too many."""
    for place in range(SOURCES_MAX):
        if sources[place, 0] < 0:
            sources[place, 0], sources[place, 1] = begin, end
            return place
        first = int(sources[place, 0])
        if int(sources[place, 1]) - first != end - begin:
            continue
        same = True
        for n in range(end - begin):
            if data[first + n] != data[begin + n]:
                same = False
                break
        if same:
            return place
    return -1


@jitted
def _take_header(
    data: Numbers,
    begin: int,
    end: int,
    header: int,
    row: Any,  # noqa: ANN401 - a row.
    told: Any,  # noqa: ANN401 - a row.
    sources: Numbers,
) -> bool:
    """A header's value, but for the time, which the caller holds against the record's own."""
    good = True
    if header == _VERSION:
        good = word_at(data, begin, end, _CONSTANTS, _CONSTANT_LENGTHS, 0) == _IS_VERSION
    elif header == _TYPE:
        good = word_at(data, begin, end, _CONSTANTS, _CONSTANT_LENGTHS, 1) == _IS_USAGE
    elif header == _CONTENT:
        good = word_at(data, begin, end, _CONSTANTS, _CONSTANT_LENGTHS, 2) == _IS_JSON
    elif header == _ID:
        good = is_id(data, begin, end)
        if good:
            row["message_high"] = half_of_id(data, begin, begin + HALF_AN_ID)
            row["message_low"] = half_of_id(data, begin + HALF_AN_ID, end)
    elif header == _SOURCE:
        row["source"] = _source_place(data, begin, end, sources)
        good = int(row["source"]) >= 0
    elif header == _SEQUENCE:
        told["sequence"] = sequence_in(data, begin, end)
        good = end - begin <= SEQUENCE_DIGITS and int(told["sequence"]) >= 0
    return good


@jitted
def _scan_headers(
    data: Numbers,
    at: int,
    end: int,
    row: Any,  # noqa: ANN401 - a row.
    told: Any,  # noqa: ANN401 - a row.
    sources: Numbers,
) -> int:
    """The envelope's time; NO_MOMENT if anything about the headers is unusual."""
    count, at = varint(data, at, end)
    seen, guess, time = 0, 0, NO_MOMENT
    for _ in range(count):
        size, at = varint(data, at, end)
        if size < 0 or at + size > end:
            return NO_MOMENT
        header = word_at(data, at, at + size, _HEADERS, _HEADER_LENGTHS, guess)
        length, at = varint(data, at + size, end)
        if header < 0 or (seen >> header) & 1 or length < 0 or at + length > end:
            return NO_MOMENT
        if not _take_header(data, at, at + length, header, row, told, sources):
            return NO_MOMENT
        if header == _TIME:
            time = moment_in(data, at, at + length)
        seen |= 1 << header
        guess = header + 1
        at += length
    if not (seen >> _SOURCE) & 1:
        row["source"] = _source_place(data, at, at, sources)
    usual = at == end and seen & _NEEDED == _NEEDED and int(row["source"]) >= 0
    return time if usual else NO_MOMENT


@jitted
def _scan_record(
    data: Numbers,
    at: int,
    end: int,
    row: Any,  # noqa: ANN401 - a row.
    told: Any,  # noqa: ANN401 - a row.
    sources: Numbers,
) -> bool:
    """One record, from its timestamp on; True if all of it is usual."""
    _, at = varint(data, at, end)  # its place in the batch, which is known
    size, at = varint(data, at, end)
    if size <= 0 or at + size > end:
        return False
    customer = customer_in(data, at, at + size)
    size, at = varint(data, at + size, end)
    if size <= 0 or at + size > end or not scan_fields(data, at, at + size, row):
        return False
    if customer != int(row["customer"]):
        return False
    row["row"] = -1
    time = _scan_headers(data, at + size, end, row, told, sources)
    return time != NO_MOMENT and time == int(row["at"])


@jitted
def _scan(data: Numbers, first: int, last: int, rows: Rows, told: Rows, sources: Numbers) -> None:
    """The records numbered `first` to `last` of whole batches of format 2, not compressed."""
    batch, number = 0, 0
    while number < last:
        end = batch + _BEFORE_LENGTH + _big_endian(data, batch + _LENGTH, 4)
        count = _big_endian(data, batch + _COUNT, 4)
        appended = int(data[batch + _ATTRIBUTES + 1]) & _LOG_APPEND_TIME
        began = _big_endian(data, batch + (_NEWEST_TIME if appended else _FIRST_TIME), 8)
        at = batch + _BATCH_HEAD
        for _ in range(count):
            size, at = varint(data, at, end)
            if size < 1 or at + size > end:
                return  # no broker takes such a batch; the client's own reader judges it
            if first <= number < last:
                later, place = varint(data, at + 1, end)
                n = number - first
                told[n]["logged_ms"] = began if appended else began + later
                usual = _scan_record(data, place, at + size, rows[n], told[n], sources)
                told[n]["usual"] = 1 if usual else 0
            at += size
            number += 1
        batch = end


def as_bytes(raw: bytes) -> Numbers:
    return np.frombuffer(raw, np.uint8)


def scan(raw: bytes, first: int, last: int) -> Scanned:
    """Read the records of whole batches from number `first` up to `last`."""
    rows: Rows = np.zeros(last - first, RECORD)
    told: Rows = np.zeros(last - first, TOLD)
    spans: Numbers = np.full((SOURCES_MAX, 2), -1, np.int64)
    _scan(as_bytes(raw), first, last, rows, told, spans)
    sources = [
        raw[begin:end].decode("utf-8", "replace").removeprefix("/")
        for begin, end in spans.tolist()
        if begin >= 0
    ]
    return Scanned(rows, told, sources)
