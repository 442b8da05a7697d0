"""What folds a topic's partitions into state in memory (alerts' rows): the lane's counterpart.

A slice is folded once; then one transaction holds its effects and its position, and only the SQL
is tried again. What did not commit is undone. The state is saved now and then, so a claim may read
from before the stored position: up to there the log is folded without effects.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aiokafka import TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.arrivals import Arrival
from shared.clock import Clock
from shared.consumer_internals import Record
from shared.database import UnitOfWork
from shared.positions import Claim


class FoldStopped(Exception):  # noqa: N818 - the message says what is wrong and what to do.
    """The log does not allow to go on: the worker ends with 78."""


@dataclass
class Folded:
    """What a fold found: records to set aside, and how many messages of each type it took."""

    faults: list[Arrival] = field(default_factory=list[Arrival])
    taken: Counter[str] = field(default_factory=Counter[str])


class PartitionFold(Protocol):
    """The state of one partition; its lane calls these one after the other."""

    @property
    def read_from(self) -> int:
        """The offset behind the last record that the state has seen."""
        ...

    def must_look(self, records: Sequence[Record]) -> bool:
        """Whether the fold of these must know something that PostgreSQL knows."""
        ...

    async def look(self, connection: AsyncConnection) -> None:
        """Ask it, as which of the messages are repeats."""
        ...

    def fold(self, records: Sequence[Record], clock: Clock) -> Folded:
        """Once or more for a slice; what all of it brought since the last `keep` or `undo`."""
        ...

    async def write(self, uow: UnitOfWork) -> None:
        """The effects of the last fold, in the transaction that moves the position."""
        ...

    def keep(self, next_offset: int) -> None:
        """The transaction committed."""
        ...

    def undo(self) -> None:
        """It did not."""
        ...

    def refold(self, records: Sequence[Record], clock: Clock) -> None:
        """Records below the stored position: their effects are there already."""
        ...

    async def save(self, engine: AsyncEngine, *, epoch: int, leaving: bool) -> None:
        """Save the state if it is time; `leaving` if it moved at all."""
        ...


class Fold(Protocol):
    """What a worker registers for a topic, whose records then reach no handlers."""

    topic: str
    reads_bytes: bool
    """Whether it takes `RawRecords`, which cost less than a client's records."""

    async def claimed(
        self, uow: UnitOfWork, claims: Mapping[TopicPartition, Claim], now: datetime
    ) -> None:
        """In the transaction of a claim: what a partition's first one needs."""
        ...

    async def open(
        self, engine: AsyncEngine, tp: TopicPartition, held: Claim, *, log_start: int
    ) -> PartitionFold:
        """The newest sound state of a partition that is not ahead of its position.

        Raises:
            PositionError: the log no longer reaches back to it.
        """
        ...
