"""Usage on its way into the kernel: columns of an Arrow message, or single JSON records.

Whatever here looks doubtful is judged by the models of shared/events: they alone know the reason.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from services.alerts.engine.facts import microseconds
from services.alerts.engine.layout import DIRECTIONS, KINDS, RECORD, Numbers, Rows

SECONDS_MAX = 604_800
KILOBYTES_END = 2**40
FEN_END = 10**12
RECORD_ID_MAX = 64
COUNTY_DIGITS = 6

_KIND_NUMBERS = {name: number for number, name in enumerate(KINDS)}
_DIRECTION_NUMBERS = {name: number for number, name in enumerate(DIRECTIONS)}
_HASH = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")] | None


class UsageFields(Struct):
    """A single record's fields, as `shared.events.usage.UsageRecorded` has them."""

    customer_id: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,18}\Z")]
    county: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
    at: Annotated[datetime, Meta(tz=True)]
    record_id: Annotated[str, Meta(min_length=1, max_length=RECORD_ID_MAX)]
    kind: Literal["voice", "sms", "data"]
    direction: Literal["out", "in", "forwarded"]
    seconds: Annotated[int, Meta(ge=0, le=SECONDS_MAX)] = 0
    kilobytes: Annotated[int, Meta(ge=0, lt=KILOBYTES_END)] = 0
    fen: Annotated[int, Meta(ge=0, lt=FEN_END)] = 0
    peer: _HASH = None
    forwarded_to: _HASH = None
    at_home: bool = True


decode_fields = msgspec.json.Decoder(UsageFields).decode
"""The fields of a single record; whatever is unusual about it is a `msgspec.MsgspecError`."""


def from_fields(records: Sequence[UsageFields]) -> Rows:
    """Sound single records as rows of the kernel's input; whose they are is the caller's."""
    rows: Rows = np.zeros(len(records), RECORD)
    rows["customer"] = [int(record.customer_id) for record in records]
    rows["county"] = [int(record.county) for record in records]
    rows["at"] = [microseconds(record.at) for record in records]
    rows["kind"] = [_KIND_NUMBERS[record.kind] for record in records]
    rows["direction"] = [_DIRECTION_NUMBERS[record.direction] for record in records]
    rows["seconds"] = [record.seconds for record in records]
    rows["kilobytes"] = [record.kilobytes for record in records]
    rows["fen"] = [record.fen for record in records]
    rows["row"] = -1
    return rows


def from_table(table: pa.Table) -> tuple[Rows, Numbers]:
    """The rows of a message, and which of them look doubtful."""
    rows: Rows = np.zeros(table.num_rows, RECORD)
    doubtful: Numbers = np.zeros(table.num_rows, np.bool_)
    rows["customer"] = _numbers(table, "customer_id", doubtful, (1, 2**63 - 1))
    rows["at"] = _numbers(table, "at", doubtful, (-(2**62), 2**62))
    rows["seconds"] = _numbers(table, "seconds", doubtful, (0, SECONDS_MAX))
    rows["kilobytes"] = _numbers(table, "kilobytes", doubtful, (0, KILOBYTES_END - 1))
    rows["fen"] = _numbers(table, "fen", doubtful, (0, FEN_END - 1))
    rows["county"] = _codes(table, "county", doubtful, _county_number)
    rows["kind"] = _codes(table, "kind", doubtful, _KIND_NUMBERS.get)
    rows["direction"] = _codes(table, "direction", doubtful, _DIRECTION_NUMBERS.get)
    rows["row"] = np.arange(table.num_rows)
    _doubt_record_ids(table, doubtful)
    if table.column("at_home").null_count:
        doubtful |= ~table.column("at_home").is_valid().to_numpy()
    return rows, doubtful


def _numbers(table: pa.Table, name: str, doubtful: Numbers, between: tuple[int, int]) -> Numbers:
    column = table.column(name)
    if name == "at":
        column = column.cast(pa.int64())
    if column.null_count:
        doubtful |= ~column.is_valid().to_numpy()
        column = column.fill_null(0)
    values = column.to_numpy()
    lowest, highest = between
    doubtful |= (values < lowest) | (values > highest)
    return values


def _codes(table: pa.Table, name: str, doubtful: Numbers, number_of: Any) -> Numbers:  # noqa: ANN401 - text to a number or None.
    """A text of few values as numbers: each value is looked at once."""
    column = table.column(name)
    encoded = column.dictionary_encode().combine_chunks()
    numbers = [number_of(text) if text is not None else None for text in _values(encoded)]
    known: Numbers = np.array([-1 if n is None else n for n in numbers] + [-1], np.int64)
    indices = encoded.indices.fill_null(len(numbers)) if column.null_count else encoded.indices
    places = indices.to_numpy(zero_copy_only=False)
    found = known[places]
    doubtful |= found < 0
    return np.maximum(found, 0)


def _values(encoded: pa.DictionaryArray) -> list[str | None]:
    return encoded.dictionary.to_pylist()


def _county_number(text: str) -> int | None:
    plain = len(text) == COUNTY_DIGITS and text.isascii() and text.isdigit()
    return int(text) if plain else None


def _doubt_record_ids(table: pa.Table, doubtful: Numbers) -> None:
    """An identifier has 1 to 64 characters; as bytes it may be longer, which is for others."""
    column = table.column("record_id").combine_chunks()
    if column.null_count:
        doubtful |= ~column.is_valid().to_numpy(zero_copy_only=False)
    offsets: Numbers = np.frombuffer(column.buffers()[1], np.int32)
    ends = offsets[column.offset : column.offset + len(column) + 1]
    lengths = np.diff(ends)
    doubtful |= (lengths < 1) | (lengths > RECORD_ID_MAX)
