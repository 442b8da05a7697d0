"""The rows of claimed usage partitions: begun, loaded from a checkpoint, saved."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from aiokafka import TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.domain.control import RULE_ACTIVATED
from services.alerts.engine import snapshot
from services.alerts.engine.jit import COMPILED
from services.alerts.engine.layout import LAYOUT_VERSION
from services.alerts.engine.partition import PartitionEngine
from services.alerts.engine.rules import Activation
from services.alerts.handlers.fold_usage import UsageSlices
from services.alerts.store import checkpoints, control_numbers, rules
from services.alerts.store.checkpoints import Checkpoint, Written
from services.alerts.store.snapshots import Snapshots
from shared import outbox, positions, telemetry
from shared.database import UnitOfWork, unit_of_work
from shared.events.catalogue import USAGE
from shared.events.event import effect_id
from shared.events.usage import UsageControl
from shared.faults import is_worlds_fault
from shared.logging import get_logger
from shared.positions import Claim, PositionError

SAVE_SECONDS = 30.0
SAVE_ROWS = 2_000_000

log = get_logger(__name__)


class UsagePartition(UsageSlices):
    """A partition's slices, and its rows' way into the object store."""

    def __init__(
        self,
        tp: TopicPartition,
        engine: PartitionEngine,
        skipped: set[int],
        *,
        snapshots: Snapshots,
        begins_at: int,
    ) -> None:
        super().__init__(tp, engine, skipped, begins_at)
        self._snapshots = snapshots
        self._saved_at = begins_at
        # Spread over the interval, so that partitions do not save all at once.
        self._due_at = time.monotonic() + SAVE_SECONDS * (1 + tp.partition % 32 / 32)
        self._watermark = -1
        self._moved_at = time.monotonic()

    def keep(self, next_offset: int) -> None:
        super().keep(next_offset)
        self._watch()

    def _watch(self) -> None:
        """How long the watermark stands, in machine time: a source that stopped shows here."""
        watermark, now = int(self.engine.ledger.progress[0]["watermark"]), time.monotonic()
        if watermark != self._watermark:
            self._watermark, self._moved_at = watermark, now
        stands = telemetry.WATERMARK_STANDS.labels(partition=self.tp.partition)
        moved_at = self._moved_at
        stands.set_function(lambda: time.monotonic() - moved_at)

    async def save(self, engine: AsyncEngine, *, epoch: int, leaving: bool) -> None:
        """Save the rows if it is time; what fails is tried again with the next slice."""
        if leaving:
            telemetry.WATERMARK_STANDS.clear()  # whoever comes next watches it
        due = time.monotonic() >= self._due_at or self.rows_folded >= SAVE_ROWS
        if self.stands_at == self._saved_at or not (due or leaving):
            return
        try:
            await self._save(engine, epoch)
        except Exception as error:
            if not is_worlds_fault(error):
                raise
            log.warning("checkpoint_waits", error=f"{type(error).__name__}: {error}"[:300])

    async def _save(self, engine: AsyncEngine, epoch: int) -> None:
        at, partition = self.stands_at, self.tp.partition
        packed = await asyncio.to_thread(snapshot.dump, self.engine)
        name = f"usage-{partition:02d}/{at:020d}-{epoch}.snapshot"
        checksum = await self._snapshots.write(name, packed)
        written = Written(at, epoch, name, checksum, LAYOUT_VERSION, self.engine.rows.count)
        async with unit_of_work(engine) as uow:
            if not await positions.hold(uow.connection, self.tp, epoch=epoch):
                return  # another owns it by now, and saves its own
            pruned = await checkpoints.insert(uow.connection, partition, written)
        self._saved_at, self.rows_folded = at, 0
        self._due_at = time.monotonic() + SAVE_SECONDS
        await self._snapshots.remove([old for old in pruned if old != name])


class UsageFold:
    """What the alerts worker registers for the usage topic."""

    topic = USAGE.name
    reads_bytes = COMPILED  # interpreted, the scanner is slower than a decoder of JSON

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def claimed(
        self, uow: UnitOfWork, claims: Mapping[TopicPartition, Claim], now: datetime
    ) -> None:
        """A partition's first claim: checkpoint 0, and the shipped rules into its log."""
        begun = {tp.partition: (held.next_offset, held.epoch) for tp, held in claims.items()}
        new = await checkpoints.insert_first(uow.connection, begun, layout=LAYOUT_VERSION)
        shipped = await rules.live(uow.connection) if new else []
        for partition in new:
            first = await control_numbers.take(
                uow.connection, self.topic, partition, count=len(shipped)
            )
            for number, activation in enumerate(shipped, first):
                told = _activation_told(activation, partition, number, now)
                record = outbox.record_of(told, None)
                uow.emit_records([replace(record, partition=partition)])

    async def open(
        self, engine: AsyncEngine, tp: TopicPartition, held: Claim, *, log_start: int
    ) -> UsagePartition:
        async with engine.connect() as connection:
            known = await checkpoints.not_after(connection, tp.partition, held.next_offset)
            skipped = await checkpoints.skipped(connection, tp.partition)
        rows, begins_at = await self._newest_sound(known)
        if begins_at < log_start and held.next_offset != log_start:
            raise PositionError(
                tp,
                f"{tp.topic}[{tp.partition}]: the newest sound checkpoint is at {begins_at}, the "
                f"log begins at {log_start}",
                "Restore the log or the snapshots",
            )
        return UsagePartition(
            tp, rows, skipped, snapshots=self._snapshots, begins_at=max(begins_at, log_start)
        )

    async def _newest_sound(self, known: Sequence[Checkpoint]) -> tuple[PartitionEngine, int]:
        for checkpoint in known:
            if checkpoint.url is None or checkpoint.checksum is None:
                return PartitionEngine(), checkpoint.next_offset
            packed = await self._snapshots.read(checkpoint.url, checkpoint.checksum)
            try:
                if packed is not None:
                    rows = await asyncio.to_thread(snapshot.load, packed)
                    return rows, checkpoint.next_offset
            except snapshot.UnsoundSnapshot as unsound:
                log.warning("checkpoint_unsound", url=checkpoint.url, reason=str(unsound))
                continue
            log.warning("checkpoint_unsound", url=checkpoint.url, reason="gone or damaged")
        return PartitionEngine(), -1


def _activation_told(
    activation: Activation, partition: int, number: int, now: datetime
) -> UsageControl:
    source = f"{USAGE.name}/{partition}"
    identifier = effect_id(f"{source}/{number}", UsageControl.event_type)
    return UsageControl(
        event_id=identifier,
        subject=f"control/{source}",
        sequence=number,
        at=now,
        source=source,
        number=number,
        origin=f"{activation.rule}/{activation.version}",
        kind=RULE_ACTIVATED,
        body=activation.model_dump_json(),
    )
