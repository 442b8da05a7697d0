"""Bulk facts: an Arrow IPC stream as value, one message for many rows of one partition.

A row is a fact whose id derives from the message's id and the row's number. One bad row costs
itself; an undecodable message is one fault.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
from pyarrow import ipc
from pydantic import ValidationError

from shared.errors import RecordFault
from shared.events.arrow_size import unpacked_bytes
from shared.events.billing import BillIssued, LotsOpened
from shared.events.envelope import JSON, first_errors, message_id, source_of
from shared.events.event import CustomerEvent, effect_id
from shared.events.partition import partition_of
from shared.events.usage import UsageBaseline, UsageRecorded
from shared.tracing import Trace

ARROW = "application/vnd.apache.arrow.stream"
ROWS_MAX = 4096
BYTES_MAX = 512 * 1024

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MOMENT = pa.timestamp("us", "UTC")
_HASH = pa.binary(32)  # half the size of its hexadecimal text; a message has so many bytes

_COMMON = [
    ("customer_id", pa.int64()),
    ("county", pa.string()),
    ("at", _MOMENT),
]

SCHEMAS: dict[type[CustomerEvent], pa.Schema] = {
    BillIssued: pa.schema(
        [*_COMMON, ("bill_id", pa.string()), ("month", pa.string()), ("amount_fen", pa.int64())]
    ),
    LotsOpened: pa.schema(
        [
            *_COMMON,
            ("programme", pa.string()),
            ("cohort", pa.int32()),
            ("granted", pa.int64()),
            ("spent", pa.int64()),
        ]
    ),
    UsageRecorded: pa.schema(
        [
            *_COMMON,
            ("record_id", pa.string()),
            ("kind", pa.string()),
            ("direction", pa.string()),
            ("seconds", pa.int32()),
            ("kilobytes", pa.int64()),
            ("fen", pa.int64()),
            ("peer", _HASH),
            ("forwarded_to", _HASH),
            ("at_home", pa.bool_()),
        ]
    ),
    # Bills and days oldest first; the last ones are the month and the day before `at`.
    UsageBaseline: pa.schema(
        [
            *_COMMON,
            ("bills_fen", pa.list_(pa.int64(), 12)),
            ("daily_seconds", pa.list_(pa.int32(), 28)),
            ("mean_gap_seconds", pa.int32()),
            ("last_seen", _MOMENT),
        ]
    ),
}

_MODELS = {model.event_type: model for model in SCHEMAS}


@dataclass(frozen=True)
class RowFault:
    """A row that is no fact, as a record of its own: it can be mended and replayed by itself."""

    row: int
    fault: RecordFault
    headers: dict[str, str]
    value: bytes
    key: str | None


def is_arrow(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type") == ARROW


def encode_rows(
    model: type[CustomerEvent], rows: Sequence[Mapping[str, Any]], *, batch_id: UUID, trace: Trace
) -> tuple[dict[str, str], bytes]:
    """Headers and value of a message of `rows`, which all belong to one partition.

    `ce_time` is the newest row's, `ce_subject` the number of rows.
    """
    schema = SCHEMAS[model]
    hashes = [field.name for field in schema if field.type == _HASH]
    plain = [{**row, **_bytes_of(row, hashes)} for row in rows] if hashes else rows
    batch = pa.RecordBatch.from_pylist(plain, schema)
    return encode_batch(
        model, batch, batch_id=batch_id, trace=trace, newest=max(row["at"] for row in rows)
    )


def encode_batch(
    model: type[CustomerEvent],
    batch: pa.RecordBatch,
    *,
    batch_id: UUID,
    trace: Trace,
    newest: datetime,
    source: str | None = None,
) -> tuple[dict[str, str], bytes]:
    """Headers and value of a message of columns; `source` is who measured, where types have many.

    Raises:
        ValueError: the columns are not those of `SCHEMAS`.
    """
    if not batch.schema.equals(SCHEMAS[model]):
        raise ValueError(f"{model.event_type} has other columns than {batch.schema.names}")
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(batch_id),
        "ce_source": f"/{source}" if source else source_of(model.event_type),
        "ce_type": model.event_type,
        "ce_time": newest.isoformat(),
        "ce_subject": f"rows/{batch.num_rows}",
        "ce_correlationid": trace.correlation_id,
        "traceparent": trace.traceparent,
        "content-type": ARROW,
    }
    return headers, sink.getvalue().to_pybytes()


def _bytes_of(row: Mapping[str, Any], hashes: Sequence[str]) -> dict[str, bytes | None]:
    return {name: bytes.fromhex(row[name]) if row[name] else None for name in hashes}


def decode_rows(
    headers: Mapping[str, str], value: bytes, partition: int
) -> tuple[dict[int, CustomerEvent], list[RowFault]]:
    """The facts of a message by row number, and its bad rows.

    Raises:
        RecordFault: the message as a whole is unreadable, or has other columns than its type.
    """
    model = _MODELS.get(headers.get("ce_type", ""))
    if model is None:
        raise RecordFault("unknown-type", f"no Arrow form of {headers.get('ce_type')!r}")
    batch = message_id(headers)
    events: dict[int, CustomerEvent] = {}
    faults: list[RowFault] = []
    for number, row in enumerate(_rows(model, value)):
        try:
            events[number] = _event(model, row, _row_id(batch, model, number), partition)
        except RecordFault as fault:
            own = _headers_of_row(
                headers, _row_id(batch, model, number), row["customer_id"], row["at"]
            )
            faults.append(RowFault(number, fault, own, _as_json(row), _key(row)))
    return events, faults


def record_of_row(headers: Mapping[str, str], event: CustomerEvent) -> tuple[dict[str, str], bytes]:
    """Headers and value of one row of a message as the same fact in a record of its own."""
    return (
        _headers_of_row(headers, event.event_id, event.customer_id, event.at),
        event.model_dump_json().encode(),
    )


def _row_id(batch: UUID, model: type[CustomerEvent], number: int) -> UUID:
    return effect_id(batch, model.event_type, number)


def _key(row: Mapping[str, Any]) -> str | None:
    customer: int | None = row["customer_id"]
    return None if customer is None else str(customer)


def _as_json(row: Mapping[str, Any]) -> bytes:
    """A bad row in the form of a single fact, as far as it is one."""
    at: datetime | None = row["at"]
    own = {"customer_id": _key(row), "at": None if at is None else at.isoformat()}
    return json.dumps({**row, **own}, default=datetime.isoformat).encode()


def _headers_of_row(
    headers: Mapping[str, str], event_id: UUID, customer: int | None, at: datetime | None
) -> dict[str, str]:
    """A message's headers, with what differs for one row; `ce_time` was the newest row's."""
    time = headers.get("ce_time", "") if at is None else at.isoformat()
    subject = f"customer/{customer}"
    own = {"ce_id": str(event_id), "ce_time": time, "ce_subject": subject, "content-type": JSON}
    return {**headers, **own}


def read_table(model: type[CustomerEvent], value: bytes) -> pa.Table:
    """The columns of a message, checked as far as no row needs to be looked at.

    Raises:
        RecordFault: it is unreadable, has other columns than its type, or is beyond a limit.
    """
    if len(value) > BYTES_MAX:
        raise RecordFault("too-large", f"{len(value)} bytes, at most {BYTES_MAX}")
    try:
        stream = ipc.open_stream(value)
        _refuse_before_unpacking(model, stream.schema, value)
        table = stream.read_all()
        # Arrow trusts offsets until told otherwise: a damaged message would end the process.
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise RecordFault("not-arrow", str(error)[:300]) from error
    if table.num_rows > ROWS_MAX:
        raise RecordFault("too-large", f"{table.num_rows} rows, at most {ROWS_MAX}")
    return table


def _refuse_before_unpacking(model: type[CustomerEvent], schema: pa.Schema, value: bytes) -> None:
    if not schema.equals(SCHEMAS[model]):
        raise RecordFault("wrong-columns", f"got {', '.join(schema.names)}"[:300])
    unpacked = unpacked_bytes(value)
    if unpacked > BYTES_MAX:
        raise RecordFault("too-large", f"{unpacked} bytes unpacked, at most {BYTES_MAX}")


def _rows(model: type[CustomerEvent], value: bytes) -> list[dict[str, Any]]:
    table = read_table(model, value)
    try:
        return _with_moments(table)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise RecordFault("not-arrow", str(error)[:300]) from error


def _with_moments(table: pa.Table) -> list[dict[str, Any]]:
    """The rows, each time in them as a `datetime` and each hash in hexadecimal.

    Arrow's own conversion takes as long as all the rest, and one absurd time would end it for all.
    """
    moments = [field.name for field in table.schema if field.type == _MOMENT]
    hashes = [field.name for field in table.schema if field.type == _HASH]
    numbers = table
    for name in moments:
        place = table.schema.names.index(name)
        numbers = numbers.set_column(place, name, table.column(name).cast(pa.int64()))
    rows = numbers.to_pylist()
    for row in rows:
        row.update({name: _moment(row[name]) for name in moments})
        row.update({name: row[name].hex() if row[name] else None for name in hashes})
    return rows


def _moment(microseconds: int | None) -> datetime | None:
    try:
        return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None  # beyond the calendar: this row has no time, which is its fault alone


def _event(
    model: type[CustomerEvent], row: dict[str, Any], event_id: UUID, partition: int
) -> CustomerEvent:
    identity = {"event_id": event_id, "subject": f"customer/{row['customer_id']}"}
    try:
        event = model.model_validate(row | identity)
    except ValidationError as error:
        raise RecordFault("schema", first_errors(error)) from error
    if partition_of(event.customer_id) != partition:
        raise RecordFault("foreign-partition", f"belongs to {partition_of(event.customer_id)}")
    return event
