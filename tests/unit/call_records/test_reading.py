"""A file is read in the same batches every time, whatever it is; what it lacks is named."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from holdfast.call_records import reading
from holdfast.call_records.reading import Chunk, FileRefused, chunks, fingerprint, row_count

COLUMNS = ["id", "number"]


@pytest.fixture(autouse=True)
def short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH_ROWS", 3)


def a_csv(folder: Path, rows: int) -> Path:
    path = folder / "calls.csv"
    lines = ["\ufeffid,number,other", *(f"C{n},13800138000,x" for n in range(rows))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def a_parquet(folder: Path, rows: int) -> Path:
    path = folder / "calls.parquet"
    cells = {"id": [f"C{n}" for n in range(rows)], "number": ["13800138000"] * rows}
    parquet.write_table(
        pa.Table.from_pydict(
            cells, schema=pa.schema([("id", pa.string()), ("number", pa.string())])
        ),
        path,
    )
    return path


@pytest.mark.parametrize("make", [a_csv, a_parquet])
def test_rows_come_in_batches_that_know_their_place(
    tmp_path: Path, make: Callable[[Path, int], Path]
) -> None:
    path = make(tmp_path, 7)

    found = list(chunks(path, COLUMNS))

    assert [chunk.first for chunk in found] == [0, 3, 6]
    assert [row["id"] for chunk in found for row in chunk.rows] == [f"C{n}" for n in range(7)]
    assert row_count(path) == 7


def test_an_empty_file_has_no_batch(tmp_path: Path) -> None:
    assert list[Chunk](chunks(a_csv(tmp_path, 0), COLUMNS)) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("calls.csv", b"id,num\n1,2\n", "no column number"),
        ("calls.csv", b"", "no column"),
        ("calls.csv", "id,number\n1,号\n".encode("gbk"), "UTF-8"),
        ("calls.parquet", b"PAR1", "Parquet"),
        ("calls.xlsx", b"", ".csv or .parquet"),
    ],
)
def test_another_file_is_refused_with_its_reason(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(FileRefused, match=said):
        list(chunks(path, COLUMNS))


def test_a_damaged_parquet_file_is_refused_whoever_looks_first(tmp_path: Path) -> None:
    path = a_parquet(tmp_path, 500)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 200 + whole[204:])
    with pytest.raises(FileRefused, match="damaged"):
        list(chunks(path, COLUMNS))

    path.write_bytes(b"no parquet at all")
    with pytest.raises(FileRefused, match="Parquet"):
        row_count(path)


def test_the_same_file_and_mapping_have_one_name(tmp_path: Path) -> None:
    first, other = tmp_path / "a", tmp_path / "b"
    first.write_text("a")
    other.write_text("b")

    assert fingerprint(first, other) == fingerprint(first, other)
    assert fingerprint(first, other) != fingerprint(first)
