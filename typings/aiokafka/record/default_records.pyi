from collections.abc import Iterator, Sequence

class DefaultRecord:
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

class DefaultRecordBatch:
    CODEC_NONE: int
    base_offset: int
    next_offset: int
    compression_type: int
    is_control_batch: bool
    is_transactional: bool
    def __iter__(self) -> Iterator[DefaultRecord]: ...
    def validate_crc(self) -> bool: ...

class DefaultRecordBatchBuilder:
    def __init__(
        self,
        magic: int,
        compression_type: int,
        is_transactional: int,
        producer_id: int,
        producer_epoch: int,
        base_sequence: int,
        batch_size: int,
    ) -> None: ...
    def append(
        self,
        offset: int,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> object: ...
    def build(self) -> bytearray: ...
