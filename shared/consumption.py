"""A worker's lanes over the partitions it was given: claims, deliveries, hints, replay requests."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared import dead_letter_store, positions, telemetry
from shared.batches import Batch
from shared.database import unit_of_work
from shared.faults import back_off_seconds, is_worlds_fault
from shared.fold_lane import FoldLane
from shared.kafka_topics import topic_ids
from shared.lane import Doorway, Lane
from shared.logging import get_logger
from shared.positions import Claim, Log, PositionError
from shared.transport import BatchConsumer

REVOKE_SECONDS = 4  # an open transaction ends within 2; JoinGroup waits for us meanwhile
CLOSE_SECONDS = 8  # the group was left before; below the stop's own limit of 12
HINT_SECONDS = 2
REQUEST_SECONDS = 1
REWINDS_MAX = 3  # within a minute; beyond it we fight with somebody who has the same right
REWIND_WINDOW_SECONDS = 60

log = get_logger(__name__)


class Consumption:
    """The claim source of one consumer, and the lanes its batches go to."""

    def __init__(self, door: Doorway, *, kafka: str, owner: str, compacted: frozenset[str]) -> None:
        self.compacted = compacted
        self.folded = frozenset(topic for topic, fold in door.folds.items() if fold.reads_bytes)
        self.lanes: dict[TopicPartition, Lane] = {}
        self._tasks: dict[TopicPartition, asyncio.Task[None]] = {}
        self._door = door
        self._kafka = kafka
        self._owner = owner
        self._rewinds: deque[float] = deque(maxlen=REWINDS_MAX)

    async def claim(self, starts: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, Claim]:
        """Raise the epochs and set the lanes up; the caller bounds how long this may take."""
        if not starts:
            await self._close_all()
            return {}
        ids = await asyncio.to_thread(topic_ids, self._kafka, [tp.topic for tp in starts])
        logs = {tp: Log(ids[tp.topic], start) for tp, start in starts.items()}
        attempt = 0
        while True:
            try:
                return await self._claim(logs)
            except PositionError as misfit:
                self._door.stop(78, misfit.told(self._door.service))
            except Exception as error:
                if not is_worlds_fault(error):
                    raise
                attempt += 1
                log.warning("waiting_for_database", attempt=attempt, claim=len(logs))
                await asyncio.sleep(back_off_seconds(attempt))

    def check(
        self,
        claims: Mapping[TopicPartition, Claim],
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> None:
        """End with 78 where a claimed position lies outside its log; nothing is ever reset."""
        try:
            for tp, held in claims.items():
                positions.refuse_outside(tp, held, start=starts[tp], end=ends[tp])
                # A fold may read from before its position, which must lie in the log as well.
                if (lane := self.lanes.get(tp)) is not None:
                    stands = Claim(lane.position, held.epoch)
                    positions.refuse_outside(tp, stands, start=starts[tp], end=ends[tp])
        except PositionError as misfit:
            self._door.stop(78, misfit.told(self._door.service))

    async def _claim(self, logs: Mapping[TopicPartition, Log]) -> Mapping[TopicPartition, Claim]:
        async with unit_of_work(self._door.engine) as uow:
            claims = await positions.claim(uow.connection, logs, owner=self._owner)
            blocked = await dead_letter_store.blocked(uow.connection, (tp.topic for tp in logs))
            for topic, fold in self._door.folds.items():
                ours = {tp: held for tp, held in claims.items() if tp.topic == topic}
                await fold.claimed(uow, ours, self._door.clock().now())
        await self._close_all()
        reading: dict[TopicPartition, Claim] = {}
        for tp, held in claims.items():
            lane, reading[tp] = await self._lane(tp, held, logs[tp])
            lane.blocked = blocked.get(tp, {})
            self.lanes[tp] = lane
            self._tasks[tp] = asyncio.create_task(self._run(lane), name=f"lane {tp}")
            telemetry.CLAIMS.labels(topic=tp.topic).inc()
        log.info("claimed", partitions=len(claims))
        return reading

    async def _lane(self, tp: TopicPartition, held: Claim, log_of: Log) -> tuple[Lane, Claim]:
        """The lane of a partition, and where to read from: a fold may go back to its last save."""
        fold = self._door.folds.get(tp.topic)
        if fold is None:
            return Lane(tp, self._door, held), held
        partition = await fold.open(self._door.engine, tp, held, log_start=log_of.start)
        lane = FoldLane(tp, self._door, held, partition)
        return lane, Claim(partition.read_from, held.epoch)

    async def _run(self, lane: Lane) -> None:
        try:
            await lane.run()
        except Exception:
            log.exception("lane_failed", topic=lane.tp.topic, partition=lane.tp.partition)
            self._door.stop(70, f"a bug in the lane of {lane.tp}; see the log above")

    def on_rewind(self, reason: str) -> None:
        """Count it: the third within a minute ends the process instead of fighting on."""
        telemetry.REWINDS.inc()
        now = time.monotonic()
        self._rewinds.append(now)
        log.warning("rewind", reason=reason)
        crowded = len(self._rewinds) == REWINDS_MAX
        if crowded and now - self._rewinds[0] < REWIND_WINDOW_SECONDS:
            self._door.stop(1, f"{REWINDS_MAX} rewinds within a minute, the last: {reason}")

    async def deliver(self, batch: Batch) -> None:
        lane = self.lanes.get(batch.tp)
        if lane is None or batch.stale():
            batch.release()
        else:
            await lane.queue.put(batch)

    async def revoke(self, *_: object, **__: object) -> None:
        """Before another takes over: forget what waits, let open transactions end."""
        await self._let_go(REVOKE_SECONDS)

    async def _let_go(self, seconds: float) -> None:
        for lane in self.lanes.values():
            lane.clear()
        busy = [lane.idle.wait() for lane in self.lanes.values()]
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*busy)
                await self._leave_all()
        except TimeoutError:
            log.warning("revoke_late", seconds=seconds)

    async def _leave_all(self) -> None:
        """What is not saved now is folded again by whoever comes next."""
        try:
            for lane in self.lanes.values():
                await lane.leave()
        except Exception as error:
            if not is_worlds_fault(error):
                raise
            log.warning("left_unsaved", error=type(error).__name__)

    async def _close_all(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for lane in self.lanes.values():
            lane.clear()
        self.lanes.clear()
        telemetry.POSITION_LAG.clear()  # what others read from now on is theirs to report
        self._tasks.clear()

    async def close(self) -> None:
        await self._let_go(CLOSE_SECONDS)
        await self._close_all()

    def report_lag(self, consumer: BatchConsumer) -> None:
        """Measure how far committed positions are behind their logs."""
        for tp, lane in self.lanes.items():
            end = consumer.log_end(tp)
            if end is not None:
                lag = telemetry.POSITION_LAG.labels(topic=tp.topic, partition=tp.partition)
                lag.set(max(0, end - lane.position))

    async def hint_forever(self, consumer: BatchConsumer) -> None:
        """Tell Kafka where we stand, for its lag tools; nothing depends on it."""
        told: dict[TopicPartition, int] = {}
        while True:
            await asyncio.sleep(HINT_SECONDS)
            now = {tp: lane.position for tp, lane in self.lanes.items()}
            moved = {tp: at for tp, at in now.items() if told.get(tp) != at}
            if not moved:
                continue
            try:
                await consumer.commit_hint(moved)
            except (KafkaError, TimeoutError) as error:
                log.info("hint_refused", error=repr(error))
            else:
                told.update(moved)

    async def watch_requests(self) -> None:
        """Put operators' replays and discards into the lanes of the partitions we own."""
        while True:
            await asyncio.sleep(REQUEST_SECONDS)
            try:
                async with unit_of_work(self._door.engine) as uow:
                    requests = await dead_letter_store.requested(uow.connection)
            except Exception as error:
                if not is_worlds_fault(error):
                    raise
                continue
            for letter_id, tp in requests:
                if (lane := self.lanes.get(tp)) is not None:
                    lane.request(letter_id)
