"""One partition's ordered work: slices of batches, each one transaction, retried until it holds."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import positions, telemetry
from shared.arrivals import Arrival, arrivals
from shared.batch_transaction import BatchTransaction, Each, Handlers, Run
from shared.batches import Batch
from shared.clock import Clock
from shared.consumer_internals import Record
from shared.database import unit_of_work
from shared.dead_letter_limit import DeadLetterLimit
from shared.deadletters import stored
from shared.events.catalogue import ROUTES, topic_of
from shared.faults import back_off_seconds, is_too_slow, is_worlds_fault
from shared.fold import Fold
from shared.logging import get_logger
from shared.replay import Claimed, carry_out

EACH_MAX = 100  # records of a transaction whose handlers see them one by one
RUN_MAX = 1_000  # records of a transaction whose handlers see runs
EACH_SECONDS = 0.05  # a transaction of Each records should end within this
# A transaction that failed this late met its limit, whatever the driver calls it: a session that
# the server ends in the middle of a savepoint leaves no reason behind.
LATE_SECONDS = 1.5
DECODED_AT_ONCE = 100  # messages decoded before others' transactions may go on
# Transactions of runs at a time: PostgreSQL works on one while the other is made ready. With more
# of them, each would only wait longer for this one thread, and a backlog on many partitions would
# run all of them out of time.
RUN_TURNS = 2

log = get_logger(__name__)


class ClaimLost(Exception):  # noqa: N818 - an answer of the compare-and-set, not an error of ours.
    """Another worker holds the partition, or the position is not where we left it."""


@dataclass
class Doorway:
    """What every lane of a worker shares."""

    service: str
    engine: AsyncEngine
    handlers: Handlers
    clock: Callable[[], Clock]
    limit: DeadLetterLimit
    rewind: Callable[[str], None]
    stop: Callable[[int, str], None]
    waiting_for_database: int = 0
    run_turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RUN_TURNS))
    """Taken by topics whose handlers take runs; the few and urgent facts wait for nobody."""
    folds: Mapping[str, Fold] = field(default_factory=dict[str, Fold])
    """By topic: whose records are folded instead of handled."""


class Lane:
    """Serial by construction: batches and replay requests of one partition come by one queue."""

    def __init__(self, tp: TopicPartition, door: Doorway, held: positions.Claim) -> None:
        self.tp = tp
        self.blocked: dict[str, UUID] = {}
        self.position = held.next_offset
        self.queue: asyncio.Queue[Batch | UUID] = asyncio.Queue()
        self.idle = asyncio.Event()
        self.idle.set()
        self._door = door
        self._epoch = held.epoch
        self._requested: set[UUID] = set()
        self._each_max = EACH_MAX
        self._turn = door.run_turns if _takes_runs(tp.topic, door.handlers) else nullcontext()
        self._unread = _unread(tp.topic, door.handlers)

    async def run(self) -> None:
        """Work until cancelled. Whatever else ends it is a bug and ends the process."""
        while True:
            item = await self.queue.get()
            self.idle.clear()
            try:
                await (self._consume(item) if isinstance(item, Batch) else self._replay(item))
            finally:
                if self.queue.empty():
                    self.idle.set()
                del item  # megabytes, maybe, and the next may be long in coming

    def request(self, letter_id: UUID) -> None:
        """Queue an operator's request, unless it waits here already."""
        if letter_id not in self._requested:
            self._requested.add(letter_id)
            self.queue.put_nowait(letter_id)

    def clear(self) -> None:
        """Forget what waits; after a rebalance it comes again to whoever owns it."""
        self._requested.clear()
        while not self.queue.empty():
            item = self.queue.get_nowait()
            if isinstance(item, Batch):
                item.release()

    async def leave(self) -> None:
        """Before another takes the partition over: a lane keeps nothing that must be saved."""

    async def _consume(self, batch: Batch) -> None:
        try:
            done = 0
            while done < len(batch.records) and not batch.stale():
                done = await self._advance(batch, done)
        except ClaimLost as lost:
            if not batch.stale():
                telemetry.LOST_COMPARE_AND_SET.labels(topic=self.tp.topic).inc()
                self._door.rewind(f"{self.tp}: {lost}")
        finally:
            batch.release()

    async def _advance(self, batch: Batch, done: int) -> int:
        """Apply the next slice, however often the world fails; answer how many are done."""
        async with self._turn:
            messages = await self._next_slice(batch, done)
        size = len(messages)
        attempt = 0
        careful = False
        began = time.monotonic()
        while True:
            try:
                async with self._turn:
                    began = time.monotonic()
                    done_to = await self._apply(batch, messages[:size], done, careful=careful)
            except ClaimLost:
                raise
            except Exception as error:
                if not is_worlds_fault(error):
                    if careful:
                        raise
                    careful = True
                    continue
                if size > 1 and (is_too_slow(error) or time.monotonic() - began > LATE_SECONDS):
                    size = max(1, size // 2)
                    continue
                attempt += 1
                await self._wait_out(error, attempt)
                if batch.stale():
                    return len(batch.records)
            else:
                self._learn(size, time.monotonic() - began)
                return done_to

    async def _next_slice(self, batch: Batch, done: int) -> list[list[Arrival]]:
        """Messages of up to 1,000 records while handlers take runs, up to 100 while they do not."""
        clock = self._door.clock()
        messages: list[list[Arrival]] = []
        most = len(batch.records) - done
        records = 0
        for record in batch.records[done:]:
            message = self._arrivals(record, clock)
            if any(map(self._takes_each, message)):
                most = min(most, max(len(messages), self._each_max))
            if len(messages) >= most:
                break
            messages.append(message)
            records += len(message)
            if records >= RUN_MAX:
                break
            if len(messages) % DECODED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return messages

    def _arrivals(self, record: Record, clock: Clock) -> list[Arrival]:
        """What a record brings us: nothing if it is of a type that only others read."""
        told = [value for name, value in record.headers if name == "ce_type"]
        if len(told) == 1 and told[0] in self._unread:
            return []
        return list(arrivals(stored(record), _logged_at(record), clock))

    async def _apply(
        self, batch: Batch, messages: list[list[Arrival]], done: int, *, careful: bool
    ) -> int:
        end = done + len(messages)
        start = batch.start if done == 0 else batch.records[done - 1].offset + 1
        following = batch.records[end - 1].offset + 1
        started = time.monotonic()
        async with unit_of_work(self._door.engine) as uow:
            if not await positions.advance(
                uow.connection, self.tp, (start, following), epoch=batch.epoch
            ):
                return self._where_it_stands(
                    batch, start, await positions.held(uow.connection, self.tp)
                )
            uow.source = self.tp
            work = BatchTransaction(
                self._door.handlers, uow, self._door.service, dict(self.blocked)
            )
            await work.apply(
                [arrival for message in messages for arrival in message], careful=careful
            )
        self.blocked = work.blocked
        self.position = following
        work.count_set_aside()
        telemetry.BATCH_SECONDS.labels(topic=self.tp.topic).observe(time.monotonic() - started)
        self._count(messages, {letter.record.offset for letter in work.letters})
        return end

    def _where_it_stands(self, batch: Batch, start: int, held: positions.Claim | None) -> int:
        """A lost compare-and-set may be our own commit whose answer the network swallowed."""
        if held is None or held.epoch != batch.epoch:
            raise ClaimLost(f"epoch {batch.epoch} was superseded")
        if not start < held.next_offset <= batch.next_offset:
            raise ClaimLost(f"expected {start}, the row says {held.next_offset}")
        self.position = held.next_offset
        return bisect_left(batch.offsets, held.next_offset)

    async def _wait_out(self, error: Exception, attempt: int) -> None:
        telemetry.RETRIES.labels(topic=self.tp.topic).inc()
        log.warning(
            "waiting_for_database",
            topic=self.tp.topic,
            partition=self.tp.partition,
            attempt=attempt,
            error=f"{type(error).__name__}: {error}"[:300],
        )
        self._door.waiting_for_database += 1
        try:
            await asyncio.sleep(back_off_seconds(attempt))
        finally:
            self._door.waiting_for_database -= 1

    def _takes_each(self, arrival: Arrival) -> bool:
        event = arrival.event
        return event is not None and isinstance(self._door.handlers.get(type(event)), Each)

    def _learn(self, records: int, seconds: float) -> None:
        """Keep a transaction of Each records near its time limit, as measured on the last one."""
        if records <= EACH_MAX:
            fitting = int(records * EACH_SECONDS / max(seconds, 1e-6))
            self._each_max = max(1, min(EACH_MAX, fitting))

    def _count(self, messages: list[list[Arrival]], dead_offsets: set[int]) -> None:
        told: dict[tuple[str, str], int] = {}
        for message in messages:
            dead = bool(message) and message[0].record.offset in dead_offsets
            event = message[0].event if message else None
            kind = event.event_type if event is not None else "none"
            outcome = "dead_letter" if dead else "handled"
            told[kind, outcome] = told.get((kind, outcome), 0) + 1
            if reason := self._door.limit.record(self.tp.topic, dead=dead):
                self._door.stop(78, reason)
        for (kind, outcome), count in told.items():
            labels = {"topic": self.tp.topic, "type": kind, "outcome": outcome}
            telemetry.RECORDS_CONSUMED.labels(**labels).inc(count)

    async def _replay(self, letter_id: UUID) -> None:
        try:
            claimed = Claimed(self.tp, self._epoch)
            blocked = await carry_out(self._door, claimed, letter_id, blocked=dict(self.blocked))
        finally:
            self._requested.discard(letter_id)
        if blocked is not None:
            self.blocked = blocked


def _takes_runs(topic: str, handlers: Handlers) -> bool:
    """Whether a topic is bulk: every handler of its facts takes runs."""
    of_topic = [handlers[model] for model in handlers if topic_of(model.event_type).name == topic]
    return all(isinstance(handler, Run) for handler in of_topic)


def _unread(topic: str, handlers: Handlers) -> frozenset[bytes]:
    """The types of a topic's facts that have no handler here, as headers tell them."""
    types = (route.model for route in ROUTES if route.topic.name == topic)
    return frozenset(model.event_type.encode() for model in types if model not in handlers)


def _logged_at(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, tz=UTC)
