from types import TracebackType
from typing import Self

from pyarrow import BufferOutputStream, RecordBatch, Schema, Table

class RecordBatchStreamReader:
    schema: Schema
    def read_all(self) -> Table: ...

class RecordBatchStreamWriter:
    def write_batch(self, batch: RecordBatch) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

def open_stream(source: bytes) -> RecordBatchStreamReader: ...
def new_stream(sink: BufferOutputStream, schema: Schema) -> RecordBatchStreamWriter: ...
