"""A CSV or Parquet file in batches of equal length, the same ones however often it is read."""

import csv
import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

BATCH_ROWS = 5_000  # half of what ingest takes at once
_HASH_BYTES = 2**20

Row = Mapping[str, Any]


class FileRefused(Exception):  # noqa: N818 - the message says what is wrong with the file.
    """The file cannot be read as call records."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of the file; the first data row is row 0."""

    first: int
    rows: Sequence[Row]


def fingerprint(*paths: Path) -> str:
    """Names what is sent: the same file under the same mapping has the same batch ids."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_HASH_BYTES):
                digest.update(block)
    return digest.hexdigest()[:24]


def row_count(path: Path) -> int:
    """How many rows there are; of a CSV, how many lines, for the progress bar alone."""
    if _is_parquet(path):
        with _opened(path) as file:
            return file.metadata.num_rows
    with path.open("rb") as file:
        return max(sum(1 for _ in file) - 1, 0)


def chunks(path: Path, columns: Sequence[str]) -> Iterator[Chunk]:
    """The file's rows with these columns.

    Raises:
        FileRefused: it is neither CSV nor Parquet, or has no such columns.
    """
    rows = _parquet_rows(path, columns) if _is_parquet(path) else _csv_rows(path, columns)
    first = 0
    while found := list(islice(rows, BATCH_ROWS)):
        yield Chunk(first, found)
        first += len(found)


def _is_parquet(path: Path) -> bool:
    match path.suffix.lower():
        case ".parquet":
            return True
        case ".csv":
            return False
        case other:
            raise FileRefused(f"{path.name}: .csv or .parquet, not {other or 'a file without one'}")


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        # utf-8-sig: spreadsheets put a mark before the first column's name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            _refuse_missing(path, columns, rows.fieldnames or ())
            yield from rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileRefused(f"{path.name} is no UTF-8 CSV: {error}") from error


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    with _opened(path) as file:
        _refuse_missing(path, columns, file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
            yield from batch.to_pylist()


@contextmanager
def _opened(path: Path) -> Generator[parquet.ParquetFile]:
    try:
        yield parquet.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileRefused(f"{path.name} is no Parquet file, or it was damaged") from error


def _refuse_missing(path: Path, columns: Sequence[str], present: Sequence[str]) -> None:
    missing = sorted(set(columns) - set(present))
    if missing:
        raise FileRefused(
            f"{path.name} has no column {', '.join(missing)}; it has {', '.join(present)}"
        )
