"""Faust's transport, made coarse: one message is one partition's fetched records.

Faust gives membership and assignment. What is ours: delivery by batch (Faust's own path costs
200 µs a message), and positions from PostgreSQL (its own commits pass over unprocessed records in
four known ways: docs/decisions/0001). Three rules make it correct:

1. *Run number*: every seek raises it; what was popped under another number is dropped.
2. *Contiguity*: a batch begins where the last one ended, else the stored position is read again.
3. Expected positions and run number are set before the seek is issued.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage
from yarl import URL

from shared import consumer_internals as internals
from shared import telemetry
from shared.batches import Batch, ClaimSource, Poll
from shared.consumer_internals import Record
from shared.positions import Claim
from shared.raw_fetch import RawFetches
from shared.raw_records import offsets_in, size_of

BATCHES_IN_FLIGHT = 2  # per partition; what bounds memory while a handler is slow
RECORDS_PER_POLL = 1000
# Of batches that are delivered as bytes: so many wait for their lanes, and so many come at once.
BYTES_IN_FLIGHT = 2**23
FETCH_BYTES_MAX = 2**22
# A long poll ignores partitions whose credit returns meanwhile, so it is kept short then.
SHORT_POLL_SECONDS = 0.02
CLAIM_SHARE_OF_REQUEST_TIMEOUT = 0.8  # beyond it Faust would give up silently and never resume
HINT_TIMEOUT_SECONDS = 5

T = TypeVar("T")


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread in which aiokafka runs; the coroutines here execute on its loop."""

    run = 0

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Faust's arguments.
        super().__init__(*args, **options)
        self._fetched = RawFetches()

    async def on_own_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the thread; cancelling the caller cancels it (Faust's queue would not)."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread_loop))

    @property
    def kafka(self) -> AIOKafkaConsumer:
        return self._ensure_consumer()

    @property
    def started(self) -> bool:
        return self._consumer is not None

    async def poll(
        self, partitions: set[TopicPartition], folded: frozenset[str], *, wait_seconds: float
    ) -> Poll:
        before = {tp: internals.position(self.kafka, tp) for tp in partitions}
        ours = {tp for tp in partitions if tp.topic in folded}
        if ours:
            await internals.wait_fetched(self.kafka, partitions, timeout=wait_seconds)
            wait_seconds = 0
            ours = self._fetched.readable(self.kafka, ours)
        records: dict[TopicPartition, Sequence[Record]] = {}
        if others := partitions - ours:
            records |= await internals.pop_records(
                self.kafka, others, timeout=wait_seconds, records_max=RECORDS_PER_POLL
            )
        # Taken behind the last await, as the run number is.
        return Poll(self.run, records | self._fetched.take(self.kafka, ours), before)

    async def seek_all(self, run: int, offsets: Mapping[TopicPartition, int]) -> None:
        """Take over the run number in the same step as the seeks: no await between them."""
        internals.keep_fetched_bytes(self.kafka, bytes_max=FETCH_BYTES_MAX)
        for tp, offset in offsets.items():
            self.kafka.seek(tp, offset)
        self.run = run

    async def hint(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell Kafka's lag tools where PostgreSQL stands."""
        held = {tp: at for tp, at in offsets.items() if tp in self.kafka.assignment()}
        if held:
            await internals.commit_hint(self.kafka, held)


class BatchConsumer(driver.Consumer):
    """Delivers batches, and seeks to PostgreSQL's positions where Faust seeks to Kafka's."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Faust's arguments.
        super().__init__(*args, **options)
        self.run = 0
        self.polled_at = time.monotonic()
        self.claims: dict[TopicPartition, Claim] = {}
        self._expected: dict[TopicPartition, int] = {}
        self._credits: dict[TopicPartition, int] = {}
        self._bytes_in_flight = 0
        self._credit_returned = asyncio.Event()
        self._seeking = asyncio.Lock()

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def thread(self) -> BatchConsumerThread:
        return cast("BatchConsumerThread", self._thread)

    @property
    def source(self) -> ClaimSource:
        return cast("BatchApp", self.app).source

    def parked_error(self) -> str | None:
        """What ended coordination while the process lives on, heart-beating or not."""
        return internals.parked_error(self.thread.kafka) if self.thread.started else None

    def log_end(self, tp: TopicPartition) -> int | None:
        return internals.log_end(self.thread.kafka, tp) if self.thread.started else None

    async def seek_to_committed(self) -> Mapping[TopicPartition, int]:
        """Claim what is assigned and seek there: the last step before anything is delivered."""
        limit = self.app.conf.broker_request_timeout * CLAIM_SHARE_OF_REQUEST_TIMEOUT
        async with self._seeking:
            return await asyncio.wait_for(self._claim_and_seek(), limit)

    async def _claim_and_seek(self) -> Mapping[TopicPartition, int]:
        kafka = self.thread.kafka
        generation = internals.generation(kafka)
        assigned = [TopicPartition(*tp) for tp in self.assignment()]
        starts = await self.thread.on_own_loop(kafka.beginning_offsets(assigned))
        claims = await self.source.claim(starts)
        # Asked after the claim: until then the owner before us may still move a position on.
        ends = await self.thread.on_own_loop(kafka.end_offsets(assigned))
        self.source.check(claims, starts, ends)
        if internals.generation(kafka) != generation:
            # Another assignment is under way; its own seek claims what is ours by then.
            self.claims = {}
            return {}
        self.run += 1
        self.claims = dict(claims)
        self._expected = {tp: held.next_offset for tp, held in claims.items()}
        self._credits = dict.fromkeys(claims, BATCHES_IN_FLIGHT)
        self._bytes_in_flight = 0
        offsets = dict(self._expected)
        await self.thread.on_own_loop(self.thread.seek_all(self.run, offsets))
        self.polled_at = time.monotonic()
        return offsets

    async def rewind(self, reason: str) -> None:
        """Read the stored positions again and go on from there."""
        self.source.on_rewind(reason)
        if not self.app.rebalancing:
            await self.seek_to_committed()

    async def _drain_messages(self, fetcher: Any) -> None:  # noqa: ANN401 - Faust's service.
        """Faust's fetcher loop without its own bookkeeping of offsets, which cannot rewind."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=1.0):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature.
    ) -> AsyncIterator[tuple[TopicPartition, ConsumerMessage]]:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        ours = self._get_active_partitions() & self.claims.keys()
        with_credit = {tp for tp in ours if self._has_credit(tp)}
        if not with_credit:
            await self._wait_for_credit(timeout, idle=not ours)
            return
        wait_seconds = timeout if len(with_credit) == len(ours) else SHORT_POLL_SECONDS
        poll = await self.thread.on_own_loop(
            self.thread.poll(with_credit, self.source.folded, wait_seconds=wait_seconds)
        )
        self.polled_at = time.monotonic()
        for tp, popped in poll.records.items():
            # A seek while we waited or delivered: those records will be popped again.
            if poll.run != self.run or self.should_stop:
                return
            batch = self._batch(tp, popped, before=poll.before[tp])
            if batch is None:
                telemetry.GAPS.labels(topic=tp.topic).inc()
                await self.rewind(f"gap before offset {offsets_in(popped)[0]} of {tp}")
                return
            yield tp, _message(batch, self.app.consumer_generation_id)

    def _has_credit(self, tp: TopicPartition) -> bool:
        crowded = tp.topic in self.source.folded and self._bytes_in_flight >= BYTES_IN_FLIGHT
        return self._credits[tp] > 0 and not crowded

    async def _wait_for_credit(self, seconds: float, *, idle: bool) -> None:
        # Never poll with an empty set: aiokafka reads it as "all partitions".
        self._credit_returned.clear()
        try:
            await asyncio.wait_for(self._credit_returned.wait(), seconds)
        except TimeoutError:
            if idle:
                self.polled_at = time.monotonic()

    def _batch(
        self, tp: TopicPartition, popped: Sequence[Record], *, before: int | None
    ) -> Batch | None:
        start, offsets = self._expected[tp], offsets_in(popped)
        # Compaction leaves holes, so there the client's position before the poll must match.
        found = before if tp.topic in self.source.compacted else offsets[0]
        if found != start:
            return None
        self._expected[tp] = offsets[-1] + 1
        self._credits[tp] -= 1
        size = size_of(popped) if tp.topic in self.source.folded else 0
        self._bytes_in_flight += size
        return Batch(
            tp=TopicPartition(*tp),
            records=popped,
            start=start,
            next_offset=self._expected[tp],
            epoch=self.claims[tp].epoch,
            run=self.run,
            current_run=lambda: self.run,
            released=partial(self._release, size=size),
        )

    def _release(self, tp: TopicPartition, run: int, *, size: int) -> None:
        if run == self.run:
            self._credits[tp] += 1
            self._bytes_in_flight -= size
            self._credit_returned.set()

    async def commit_hint(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Best effort: a lost hint (TimeoutError, KafkaError) costs a wrong figure in lag tools."""
        hint = self.thread.on_own_loop(self.thread.hint(offsets))
        await asyncio.wait_for(hint, HINT_TIMEOUT_SECONDS)

    async def commit(self, *_args: Any, **_options: Any) -> bool:  # noqa: ANN401 - Faust's.
        """Faust's own commit loop has nothing to say here."""
        return False


def _message(batch: Batch, generation_id: int) -> ConsumerMessage:
    # Faust's streams drop messages of another generation without a word; times are not read there.
    tp = batch.tp
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        batch.start,
        0.0,
        0,
        [],
        None,
        batch,
        None,
        tp=tp,
        generation_id=generation_id,
    )


class BatchTransport(driver.Transport):
    Consumer = BatchConsumer


class BatchApp(faust.App):
    """A Faust app whose consumer takes its positions from `source`."""

    def __init__(self, name: str, *, kafka: str, source: ClaimSource, **settings: Any) -> None:  # noqa: ANN401 - Faust's settings.
        self.source = source
        brokers = [URL(f"kafka://{host}") for host in kafka.split(",")]
        super().__init__(name, broker=brokers, **settings)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self, self.loop)

    @property
    def batches(self) -> BatchConsumer:
        return cast("BatchConsumer", self.consumer)
