"""Usage on its way into the kernel: columns of an Arrow message, or single JSON records.

Whatever here looks doubtful is judged by the models of shared/events: they alone know the reason.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from services.alerts.engine.facts import microseconds
from services.alerts.engine.layout import DIRECTIONS, KINDS, RECORD, Numbers, Rows
from services.alerts.engine.scan_table import take_numbers, take_texts
from services.alerts.engine.text import FEN_END, KILOBYTES_END, RECORD_ID_MAX, SECONDS_MAX

_COUNTS = ("seconds", "kilobytes", "fen")
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
    numbers = [_numbers(table, name, doubtful) for name in ("customer_id", "at", *_COUNTS)]
    texts = [_texts(table, name, doubtful) for name in ("county", "kind", "direction", "record_id")]
    take_numbers(rows, doubtful, *numbers)
    take_texts(rows, doubtful, tuple(ends for ends, _ in texts), tuple(told for _, told in texts))
    rows["row"] = np.arange(table.num_rows)
    _doubt_missing(table, "at_home", doubtful)
    return rows, doubtful


def _column(table: pa.Table, name: str, doubtful: Numbers) -> pa.Array:
    _doubt_missing(table, name, doubtful)
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _doubt_missing(table: pa.Table, name: str, doubtful: Numbers) -> None:
    """Where a value is missing."""
    column = table.column(name)
    if column.null_count:
        doubtful |= ~column.is_valid().to_numpy()


def _numbers(table: pa.Table, name: str, doubtful: Numbers) -> Numbers:
    column = _column(table, name, doubtful)
    if column.null_count:
        column = column.fill_null(0)
    if name == "at":
        column = column.view(pa.int64())
    return column.to_numpy()


def _texts(table: pa.Table, name: str, doubtful: Numbers) -> tuple[Numbers, Numbers]:
    """Where each text begins and the last one ends, and the bytes of all."""
    column = _column(table, name, doubtful)
    _, offsets, data = column.buffers()
    places: Numbers = np.frombuffer(offsets or bytes(4), np.int32)
    return (
        places[column.offset : column.offset + len(column) + 1],
        np.frombuffer(data or b"", np.uint8),
    )
