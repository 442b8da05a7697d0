from types import TracebackType
from typing import Self

from pyarrow import Buffer, BufferOutputStream, RecordBatch, Schema, Table

class RecordBatchStreamReader:
    schema: Schema
    def read_all(self) -> Table: ...

class Message:
    metadata: Buffer
    body: Buffer | None

class MessageReader:
    @staticmethod
    def open_stream(source: bytes) -> MessageReader: ...
    def read_next_message(self) -> Message: ...

class IpcWriteOptions:
    def __init__(self, *, compression: str | None = None) -> None: ...

class RecordBatchStreamWriter:
    def write_batch(self, batch: RecordBatch) -> None: ...
    def write_table(self, table: Table, max_chunksize: int | None = None) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

def open_stream(source: bytes) -> RecordBatchStreamReader: ...
def new_stream(
    sink: BufferOutputStream, schema: Schema, *, options: IpcWriteOptions | None = None
) -> RecordBatchStreamWriter: ...
