"""What passes between the transport and the lanes: batches of one partition, and their claims."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from aiokafka import TopicPartition

from shared.consumer_internals import Record
from shared.positions import Claim
from shared.raw_records import offsets_in


class ClaimSource(Protocol):
    """Where positions come from; shared/stream.py answers from PostgreSQL."""

    compacted: frozenset[str]
    folded: frozenset[str]
    """Topics whose record batches are delivered as bytes."""

    async def claim(
        self, starts: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, Claim]: ...

    def check(
        self,
        claims: Mapping[TopicPartition, Claim],
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> None: ...

    def on_rewind(self, reason: str) -> None: ...


@dataclass(eq=False)
class Batch:
    """Consecutive records `[start, next_offset)` of one partition, under one claim."""

    tp: TopicPartition
    records: Sequence[Record]
    start: int
    next_offset: int
    epoch: int
    run: int
    current_run: Callable[[], int]
    released: Callable[[TopicPartition, int], None]

    @cached_property
    def offsets(self) -> Sequence[int]:
        """Of the records; to ask the records themselves would make them."""
        return offsets_in(self.records)

    def stale(self) -> bool:
        """A seek happened since these records were popped; they will come again."""
        return self.run != self.current_run()

    def release(self) -> None:
        """Give the credit back; always called, whatever became of the batch."""
        self.released(self.tp, self.run)


@dataclass(frozen=True)
class Poll:
    """What one poll popped, the run it was popped under, and the positions before it."""

    run: int
    records: dict[TopicPartition, Sequence[Record]]
    before: dict[TopicPartition, int | None]
