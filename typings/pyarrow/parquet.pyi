from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyarrow import Schema, Table

class FileMetaData:
    num_rows: int

class _Batch:
    def to_pylist(self) -> list[dict[str, Any]]: ...

class ParquetFile:
    metadata: FileMetaData
    schema_arrow: Schema
    def __init__(self, source: Path) -> None: ...
    def iter_batches(self, *, batch_size: int, columns: list[str]) -> Iterator[_Batch]: ...

def write_table(table: Table, where: Path) -> None: ...
