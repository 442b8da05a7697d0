"""What a compressed stream becomes is known before anything of it is unpacked."""

import struct
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import ipc

from holdfast.example_facts import rows_of
from shared.errors import RecordFault
from shared.events import arrow
from shared.events.arrow_size import unpacked_bytes
from shared.events.billing import BillIssued
from shared.events.event import CustomerEvent

TERABYTE = 2**40
ROWS = 1_000
BATCH_ROWS = 300
NUMBERS = pa.table({"number": pa.array([7] * ROWS, pa.int64())})


def stream(table: pa.Table, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=BATCH_ROWS)
    return sink.getvalue().to_pybytes()


def bills(rows: int = arrow.ROWS_MAX, **differs: object) -> pa.Table:
    row: dict[str, Any] = rows_of(BillIssued)[0] | differs
    return pa.Table.from_pylist([row] * rows, arrow.SCHEMAS[BillIssued])


def fault(value: bytes) -> RecordFault:
    model: type[CustomerEvent] = BillIssued
    with pytest.raises(RecordFault) as raised:
        arrow.read_table(model, value)
    return raised.value


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_stream_is_as_large_as_its_columns_however_it_was_packed(compression: str | None) -> None:
    words = pa.array(["left", None, "stayed"] * 300, pa.dictionary(pa.int32(), pa.string()))
    for table in (NUMBERS, pa.table({"word": words}), pa.table({"nothing": pa.nulls(5)})):
        assert 0 <= unpacked_bytes(stream(table, compression)) - table.nbytes < 64


def test_a_small_message_that_becomes_a_large_one_is_refused_unread() -> None:
    value = stream(bills(bill_id="B" * 200), "zstd")

    refused = fault(value)

    assert len(value) < arrow.BYTES_MAX / 10
    assert refused.reason == "too-large"
    assert "unpacked" in str(refused)


def test_a_size_is_not_believed_to_the_point_of_asking_for_so_much_memory() -> None:
    value, honest = stream(bills(), "lz4"), struct.pack("<q", BATCH_ROWS * 8)
    assert honest in value

    assert fault(value.replace(honest, struct.pack("<q", TERABYTE))).reason == "too-large"


def test_a_compressed_message_within_the_limit_is_read_like_any_other() -> None:
    table = bills(rows=500)

    assert arrow.read_table(BillIssued, stream(table, "zstd")).equals(table)


@pytest.mark.parametrize("end", [0, 1, 8, 100, 400, 600, -9])
def test_a_stream_that_was_cut_is_told_as_unreadable(end: int) -> None:
    value = stream(bills(), "zstd")

    assert fault(value[:end]).reason == "not-arrow"
