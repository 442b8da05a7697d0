"""The lane of a folded topic: fold a slice once, then write its effects until they are written."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from aiokafka import TopicPartition

from shared import positions, telemetry
from shared.batch_transaction import BatchTransaction
from shared.batches import Batch
from shared.consumer_internals import Record
from shared.database import unit_of_work
from shared.faults import is_too_slow, is_worlds_fault
from shared.fold import Folded, FoldStopped, PartitionFold
from shared.lane import ClaimLost, Doorway, Lane
from shared.raw_records import RawRecords, size_of

SLICE_BYTES_MAX = 2**21  # in one transaction
PART_BYTES_MAX = 2**20  # folded at once; of opening records it takes a quarter of a second

T = TypeVar("T")


class _TooSlow(Exception):  # noqa: N818 - a slice that does not fit into a transaction.
    """A half of it may fit."""


class FoldLane(Lane):
    """A lane whose records go into a fold; replay requests go to the handlers as elsewhere."""

    def __init__(
        self,
        tp: TopicPartition,
        door: Doorway,
        held: positions.Claim,
        partition: PartitionFold,
    ) -> None:
        super().__init__(tp, door, held)
        self._partition = partition
        self._turn = door.run_turns  # usage is bulk

    async def leave(self) -> None:
        """Before another takes the partition over."""
        await self._partition.save(self._door.engine, epoch=self._epoch, leaving=True)

    async def _consume(self, batch: Batch) -> None:
        try:
            done = self._refold(batch)
            await asyncio.sleep(0)  # a long recovery lets the rest of the worker live
            while done < len(batch.records) and not batch.stale():
                done = await self._advance(batch, done)
                await self._partition.save(self._door.engine, epoch=self._epoch, leaving=False)
        except ClaimLost as lost:
            if not batch.stale():
                telemetry.LOST_COMPARE_AND_SET.labels(topic=self.tp.topic).inc()
                self._door.rewind(f"{self.tp}: {lost}")
        except FoldStopped as stopped:
            self._door.stop(78, f"{self.tp.topic}[{self.tp.partition}]: {stopped}")
        finally:
            batch.release()

    def _refold(self, batch: Batch) -> int:
        """What lies below the stored position changes the state and nothing else."""
        known = bisect_left(batch.offsets, self.position)
        if known:
            self._partition.refold(batch.records[:known], self._door.clock())
        return known

    async def _advance(self, batch: Batch, done: int) -> int:
        size = _fitting(batch.records[done:], SLICE_BYTES_MAX)
        while True:
            try:
                return await self._fold(batch, done, done + size)
            except _TooSlow:
                self._partition.undo()
                size = max(1, size // 2)
            except BaseException:
                # A claim that was lost, a bug, or the end: the state stands where it stood.
                self._partition.undo()
                raise

    async def _fold(self, batch: Batch, done: int, end: int) -> int:
        records = batch.records[done:end]
        alone = len(records) == 1

        async def look() -> None:
            async with self._door.engine.connect() as connection:
                await self._partition.look(connection)

        if self._partition.must_look(records):
            await self._until_done(look, batch, alone=alone)
        folded = Folded()
        for part in _parts(records):
            async with self._turn:
                folded = self._partition.fold(part, self._door.clock())
            await asyncio.sleep(0)
        done_to = await self._until_done(
            lambda: self._write(batch, folded, done, end), batch, alone=alone
        )
        self._partition.keep(self.position)
        return done_to

    async def _write(self, batch: Batch, folded: Folded, done: int, end: int) -> int:
        start = batch.offsets[done - 1] + 1 if done else batch.start
        start = max(start, self.position)  # a batch may begin below the stored position
        following = batch.offsets[end - 1] + 1
        started = time.monotonic()
        async with self._turn, unit_of_work(self._door.engine) as uow:
            span = (start, following)
            if not await positions.advance(uow.connection, self.tp, span, epoch=batch.epoch):
                held = await positions.held(uow.connection, self.tp)
                if held is not None and held.next_offset != following:
                    raise ClaimLost(f"expected {start}, the row says {held.next_offset}")
                return self._where_it_stands(batch, start, held)
            uow.source = self.tp
            await self._partition.write(uow)
            work = BatchTransaction(
                self._door.handlers, uow, self._door.service, dict(self.blocked)
            )
            await work.apply(folded.faults, careful=False)
        self.position = following
        work.count_set_aside()
        telemetry.BATCH_SECONDS.labels(topic=self.tp.topic).observe(time.monotonic() - started)
        self._count_folded(batch, (done, end), folded)
        return end

    async def _until_done(
        self, work: Callable[[], Awaitable[T]], batch: Batch, *, alone: bool
    ) -> T:
        """However often the world fails; what is too much for a transaction is told apart."""
        attempt = 0
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_worlds_fault(error):
                    raise
                if is_too_slow(error) and not alone:
                    raise _TooSlow from error
                attempt += 1
                await self._wait_out(error, attempt)
                if batch.stale():
                    raise ClaimLost("a seek happened meanwhile") from error

    def _count_folded(self, batch: Batch, span: tuple[int, int], folded: Folded) -> None:
        """A message counts once, however many of its rows were bad."""
        topic = self.tp.topic
        dead = {fault.record.offset for fault in folded.faults}
        for kind, taken in folded.taken.items():
            counter = telemetry.RECORDS_CONSUMED.labels(topic=topic, type=kind, outcome="handled")
            counter.inc(taken)
        if dead:
            labels = {"topic": topic, "type": "none", "outcome": "dead_letter"}
            telemetry.RECORDS_CONSUMED.labels(**labels).inc(len(dead))
        done, end = span
        for offset in sorted(dead):
            place = bisect_left(batch.offsets, offset)
            self._stop_for(self._door.limit.handled(topic, place - done))
            self._stop_for(self._door.limit.record(topic, dead=True))
            done = place + 1
        self._stop_for(self._door.limit.handled(topic, end - done))

    def _stop_for(self, reason: str | None) -> None:
        if reason is not None:
            self._door.stop(78, reason)


def _fitting(records: Sequence[Record], bytes_max: int) -> int:
    """How many of the messages fit, at least one."""
    if isinstance(records, RawRecords):
        return max(1, len(records) * bytes_max // max(records.size_bytes, bytes_max))
    size = 0
    for count, record in enumerate(records):
        size += size_of([record])
        if size > bytes_max:
            return max(1, count)
    return len(records)


def _parts(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    while records:
        fitting = _fitting(records, PART_BYTES_MAX)
        yield records[:fitting]
        records = records[fitting:]
