"""Fetched record batches as they came: a record is made of their bytes only where somebody asks.

The client makes five Python objects of every record and two of each of its headers. Who folds a
topic reads the bytes instead (docs/decisions/0013), and needs of a batch what its head tells.
"""

import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast, overload

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from shared.consumer_internals import Record

_BEFORE_LENGTH = 12  # bytes of a batch that its length does not count
_LENGTH_AT = 8
_COUNT_AT = 57
_INT32 = struct.Struct(">i")


@dataclass(frozen=True)
class Chunk:
    """Whole batches whose offsets have no holes; the first record's is `first_offset`.

    `numbers` and `places` tell of each batch, and of the end, its first record and its first byte.
    """

    tp: TopicPartition
    raw: bytes
    first_offset: int
    numbers: list[int]
    places: list[int]
    _made: dict[int, list[Record]] = field(default_factory=dict[int, list[Record]])

    @property
    def count(self) -> int:
        return self.numbers[-1]

    def record(self, number: int) -> Record:
        """One of them, whose batch is unpacked once."""
        batch = bisect_right(self.numbers, number) - 1
        if batch not in self._made:
            raw = self.raw[self.places[batch] : self.places[batch + 1]]
            self._made[batch] = _unpacked(self.tp, raw)
        return self._made[batch][number - self.numbers[batch]]


class RawRecords(Sequence[Record]):
    """Some of a chunk's records, by their numbers in it."""

    def __init__(self, chunk: Chunk, begin: int, end: int) -> None:
        self.chunk = chunk
        self.begin = begin
        self.end = end

    @property
    def offsets(self) -> range:
        first = self.chunk.first_offset
        return range(first + self.begin, first + self.end)

    @property
    def size_bytes(self) -> int:
        """Their share of the chunk: what each takes is not known before somebody reads it."""
        return len(self.chunk.raw) * len(self) // self.chunk.count

    def __len__(self) -> int:
        return self.end - self.begin

    @overload
    def __getitem__(self, at: int) -> Record: ...

    @overload
    def __getitem__(self, at: slice) -> "RawRecords": ...

    def __getitem__(self, at: int | slice) -> "Record | RawRecords":
        if isinstance(at, int):
            return self.chunk.record(range(self.begin, self.end)[at])
        span = range(self.begin, self.end)[at]
        return RawRecords(self.chunk, span.start, max(span.start, span.stop))


def offsets_in(records: Sequence[Record]) -> Sequence[int]:
    if isinstance(records, RawRecords):
        return records.offsets
    return [record.offset for record in records]


def size_of(records: Sequence[Record]) -> int:
    """Bytes of the values, or of all there is."""
    if isinstance(records, RawRecords):
        return records.size_bytes
    return sum(len(record.value or b"") for record in records)


def plain_records(tp: TopicPartition, raw: bytes, offset: int) -> RawRecords | None:
    """What was fetched from `offset` on; None where only the client itself can read it.

    That is: compressed or transactional batches, another format, holes between the offsets, or
    bytes that do not fit to their checksum.
    """
    batches = MemoryRecords(raw)
    first = 0
    numbers, places = [0], [0]
    while batches.has_next():
        batch = batches.next_batch()
        if not isinstance(batch, DefaultRecordBatch) or not _is_plain(batch):
            return None
        if len(places) == 1:
            first = batch.base_offset
        (count,) = _INT32.unpack_from(raw, places[-1] + _COUNT_AT)
        (length,) = _INT32.unpack_from(raw, places[-1] + _LENGTH_AT)
        following = first + numbers[-1]
        if batch.base_offset != following or batch.next_offset != following + count:
            return None
        numbers.append(numbers[-1] + count)
        places.append(places[-1] + _BEFORE_LENGTH + length)
    if not first <= offset < first + numbers[-1]:
        return None
    chunk = Chunk(tp, raw, first, numbers, places)
    return RawRecords(chunk, offset - first, chunk.count)


def _is_plain(batch: DefaultRecordBatch) -> bool:
    return (
        batch.compression_type == DefaultRecordBatch.CODEC_NONE
        and not batch.is_control_batch
        and not batch.is_transactional
        and batch.validate_crc()
    )


def _unpacked(tp: TopicPartition, raw: bytes) -> list[Record]:
    batches, records = MemoryRecords(raw), list[Record]()
    while batches.has_next():
        for record in cast("DefaultRecordBatch", batches.next_batch()):
            key, value = record.key, record.value
            records.append(
                ConsumerRecord(
                    tp.topic,  # pyright: ignore[reportCallIssue] - the stub has no constructor.
                    tp.partition,
                    record.offset,
                    record.timestamp,
                    record.timestamp_type,
                    key,
                    value,
                    None,
                    -1 if key is None else len(key),
                    -1 if value is None else len(value),
                    tuple(record.headers),
                )
            )
    return records
