"""A batch of call records: the same rules for JSON and Arrow, and no cell is ever quoted."""

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from ingest_parts import HASHER, NOW, a_row, a_table
from pyarrow import ipc

from services.alerts.domain import upload
from services.alerts.domain.measured import measured
from services.alerts.domain.upload import COLUMNS, BadCell, CallRecord, TooMuch, Unreadable


def cells(**differs: object) -> list[tuple[int, str]]:
    """What is wrong with the second of two rows."""
    table = a_table(a_row(), a_row(**differs))
    found = [*upload.bad_cells(table, now=NOW), *measured(table, HASHER).bad_cells()]
    return [(cell.row, cell.column) for cell in found]


def as_arrow(table: pa.Table, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_a_sound_row_has_no_bad_cell() -> None:
    assert cells() == []
    assert cells(peer="+86 139 0013 9000", forwarded_to="10086") == []
    assert cells(at=NOW + upload.EARLY_MAX) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("record_id", ""),
        ("record_id", "x" * 65),
        ("record_id", "two words"),
        ("record_id", None),
        ("number", "no number"),
        ("number", None),
        ("peer", "13-"),
        ("forwarded_to", "1" * 30),
        ("kind", "fax"),
        ("direction", "sideways"),
        ("seconds", -1),
        ("seconds", 604_801),
        ("kilobytes", 2**40),
        ("fen", -5),
        ("at_home", None),
        ("at", None),
        ("at", NOW + timedelta(minutes=5, seconds=1)),
        ("at", NOW - timedelta(days=401)),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(column: str, value: object) -> None:
    assert cells(**{column: value}) == [(1, column)]


def test_what_is_said_of_a_cell_is_what_it_may_be() -> None:
    [cell] = upload.bad_cells(a_table(a_row(kind="13800138000")), now=NOW)

    assert cell == BadCell(0, "kind", "voice, sms or data")


def test_json_and_arrow_become_the_same_columns() -> None:
    row = a_row(peer="13900139000")
    record = CallRecord.model_validate(row)

    assert upload.columns_of([record]).equals(upload.read_arrow(as_arrow(a_table(row))))


def test_arrow_may_be_wider_and_in_another_order() -> None:
    table = a_table(a_row())
    names = list(reversed(COLUMNS.names))
    wide = table.select(names).set_column(
        names.index("seconds"), "seconds", table.column("seconds").cast(pa.int64())
    )

    assert upload.read_arrow(as_arrow(wide)).equals(table)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no arrow",
        as_arrow(a_table(a_row()))[:-40],
        as_arrow(a_table(a_row()).select(COLUMNS.names[1:])),
        as_arrow(a_table(a_row()).set_column(5, "seconds", pa.chunked_array([["60"]]))),
        as_arrow(a_table(a_row()).set_column(5, "seconds", pa.chunked_array([[2**40]]))),
    ],
)
def test_a_body_that_is_no_batch_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        upload.read_arrow(body)

    assert "13800138000" not in str(refused.value)


def test_a_time_without_a_zone_is_unreadable() -> None:
    table = a_table(a_row())
    naive = table.column("at").cast(pa.timestamp("us"))

    with pytest.raises(Unreadable, match="at"):
        upload.read_arrow(as_arrow(table.set_column(2, "at", naive)))


def test_a_batch_has_a_limit() -> None:
    rows: list[dict[str, Any]] = [a_row()] * (upload.ROWS_MAX + 1)

    with pytest.raises(TooMuch, match="10000"):
        upload.read_arrow(as_arrow(a_table(*rows)))


def test_a_small_batch_that_becomes_a_large_one_is_refused_unread() -> None:
    rows: list[dict[str, Any]] = [a_row(record_id="R" * 600)] * 9_000
    packed = as_arrow(a_table(*rows), "zstd")
    assert len(packed) < upload.UNPACKED_BYTES_MAX / 20

    with pytest.raises(TooMuch, match="unpacked"):
        upload.read_arrow(packed)
