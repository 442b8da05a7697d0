"""A partition's rows come back from a checkpoint, and the log behind it is folded as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from alerts_parts import Alerts, a_customer
from doorway_parts import Record as Sent
from usage_parts import NOW, baseline, call, columns, fact, registered, single, told

from services.alerts.engine import snapshot
from services.alerts.handlers.hold_usage_rows import UsageFold, UsagePartition
from services.alerts.handlers.replay_usage import on_usage_control, on_usage_recorded
from services.alerts.store.snapshots import Snapshots
from shared import positions
from shared.clock import Clock, Segment
from shared.consumer_internals import Record
from shared.database import unit_of_work
from shared.events.catalogue import USAGE
from shared.events.event import EventId
from shared.events.usage import Direction, UsageKind, UsageRecorded
from shared.positions import Claim, PositionError

BEGUN = datetime.now(UTC) - timedelta(days=2)
CLOCK = Clock([Segment(BEGUN, BEGUN, 1.0)])


def fetched(sent: Sent, offset: int) -> Record:
    headers = tuple((name, text.encode()) for name, text in sent.headers.items())
    key = sent.key.encode() if sent.key else None
    logged = int(datetime.now(UTC).timestamp() * 1_000)
    return ConsumerRecord(
        sent.topic,  # pyright: ignore[reportCallIssue] - the stub has no constructor.
        sent.partition,
        offset,
        logged,
        1,
        key,
        sent.value,
        None,
        0,
        0,
        headers,
    )


@dataclass
class Held:
    """One usage partition under one claim after the other, as its lane would use it."""

    alerts: Alerts
    folder: Path
    place: TopicPartition
    held: Claim
    offset: int = 0

    def fold_of(self) -> UsageFold:
        return UsageFold(Snapshots(self.folder.as_uri()))

    async def open(self, *, log_start: int = 0) -> UsagePartition:
        return await self.fold_of().open(
            self.alerts.worker, self.place, self.held, log_start=log_start
        )

    async def fold(self, rows: UsagePartition, sent: Sequence[Sent]) -> list[Record]:
        """One slice, with its position, as a lane commits it."""
        records = [fetched(one, self.offset + n) for n, one in enumerate(sent)]
        following = self.offset + len(records)
        if rows.must_look(records):
            async with self.alerts.worker.connect() as connection:
                await rows.look(connection)
        assert rows.fold(records, CLOCK).faults == []
        async with unit_of_work(self.alerts.worker) as uow:
            span = (self.offset, following)
            assert await positions.advance(uow.connection, self.place, span, epoch=self.held.epoch)
            await rows.write(uow)
        rows.keep(following)
        self.offset, self.held = following, Claim(following, self.held.epoch)
        return records

    async def save(self, rows: UsagePartition, *, epoch: int | None = None) -> None:
        await rows.save(self.alerts.worker, epoch=epoch or self.held.epoch, leaving=True)

    async def snapshots(self) -> list[Path]:
        return sorted(self.folder.rglob("*.snapshot"))


@pytest.fixture
async def held(alerts: Alerts, tmp_path: Path) -> Held:
    """A partition that nobody has claimed before."""
    taken = await alerts.rows("SELECT coalesce(max(partition), -1) + 1 FROM checkpoint")
    place = TopicPartition(USAGE.name, taken[0][0])
    await alerts.claim(*place)
    claim = Claim(0, 1)
    async with unit_of_work(alerts.worker) as uow:
        await UsageFold(Snapshots(tmp_path.as_uri())).claimed(uow, {place: claim}, NOW)
    return Held(alerts, tmp_path, place, claim)


def some_usage(partition: int) -> list[Sent]:
    customers = [a_customer(partition) for _ in range(3)]
    return [
        told(registered(partition), partition),
        *(fact(baseline(customer)) for customer in customers),
        columns([call(customer, 10, ago=30) for customer in customers], partition),
        single(call(customers[0], 5, ago=20), sequence=1),
    ]


@pytest.mark.requirement("AL-03")
async def test_the_first_claim_begins_at_the_log_start_and_tells_the_shipped_rules_once(
    held: Held,
) -> None:
    async with unit_of_work(held.alerts.worker) as uow:
        await held.fold_of().claimed(uow, {held.place: Claim(9, 2)}, NOW)

    rows = await held.alerts.rows(
        "SELECT next_offset, url FROM checkpoint WHERE partition = $1", held.place.partition
    )
    messages = await held.alerts.controls(held.place.partition)

    assert rows == [(0, None)]
    assert [message.number for message in messages] == [1, 2, 3, 4, 5]
    assert [message.origin for message in messages] == [
        "AL-01/1", "AL-02/1", "AL-04/1", "AL-06/1", "AL-28/1",
    ]  # fmt: skip


async def test_rows_come_back_as_they_were_saved(held: Held) -> None:
    rows = await held.open()
    await held.fold(rows, some_usage(held.place.partition))
    await held.save(rows)

    again = await held.open()

    assert again.read_from == held.offset == rows.read_from
    assert snapshot.dump(again.engine) == snapshot.dump(rows.engine)


async def test_the_log_behind_the_checkpoint_is_folded_again_with_the_same_repeats_skipped(
    held: Held,
) -> None:
    partition, customer = held.place.partition, a_customer(held.place.partition)
    rows = await held.open()
    upload = columns([call(customer, 10, ago=30)], partition)
    await held.fold(rows, [*some_usage(partition), upload])
    await held.save(rows)
    behind = await held.fold(rows, [upload, single(call(customer, 5)), upload])

    again = await held.open()
    again.refold(behind, CLOCK)

    assert again.read_from == held.offset
    assert snapshot.dump(again.engine) == snapshot.dump(rows.engine)


async def test_a_damaged_snapshot_is_passed_over_and_without_any_the_remedy_is_named(
    held: Held,
) -> None:
    rows = await held.open()
    offsets: list[int] = []
    for _ in range(4):
        await held.fold(rows, some_usage(held.place.partition)[1:])
        await held.save(rows)
        offsets.append(held.offset)
    of_today, older, newest = await held.snapshots()  # two are kept, and the first of the day
    of_today.unlink()
    assert (await held.open()).read_from == offsets[3]

    newest.write_bytes(b"HFSNAP and then nothing")
    assert (await held.open()).read_from == offsets[2]

    older.unlink()
    with pytest.raises(PositionError) as misfit:
        await held.open()
    assert "holdfast positions move alerts" in misfit.value.told("alerts")


async def test_the_first_of_each_day_is_kept_for_a_hundred_and_twenty_days(held: Held) -> None:
    """Their days are machine time, as the log's retention is."""
    rows = await held.open()
    for days_ago in (121, 119, 119, 5, 5, 0, 0, 0):
        await held.fold(rows, some_usage(held.place.partition)[1:])
        await held.save(rows)
        await held.alerts.rows(
            "UPDATE checkpoint SET written_at = clock_timestamp() - make_interval(days => $3)"
            " WHERE partition = $1 AND next_offset = $2",
            held.place.partition,
            held.offset,
            days_ago,
        )
    step = len(some_usage(held.place.partition)) - 1
    wanted = [2 * step, 4 * step, 6 * step, 7 * step, 8 * step]

    kept = await held.alerts.rows(
        "SELECT next_offset FROM checkpoint WHERE partition = $1 ORDER BY 1", held.place.partition
    )
    assert [offset for (offset,) in kept] == wanted
    assert len(await held.snapshots()) == len(wanted)


async def test_a_log_cut_short_behind_the_checkpoint_is_an_end_and_its_acceptance_is_not(
    held: Held,
) -> None:
    rows = await held.open()
    await held.fold(rows, some_usage(held.place.partition))
    await held.save(rows)
    saved_at = held.offset
    customer = a_customer(held.place.partition)
    await held.fold(rows, [single(call(customer, 5)), single(call(customer, 5))])

    with pytest.raises(PositionError, match="the log begins at"):
        await held.open(log_start=saved_at + 1)
    accepted = await held.open(log_start=held.offset)

    assert accepted.read_from == held.offset
    assert accepted.engine.rows.count == 3


async def test_who_lost_the_claim_saves_nothing(held: Held) -> None:
    rows = await held.open()
    await held.fold(rows, some_usage(held.place.partition))

    await held.save(rows, epoch=7)

    assert (await held.open()).read_from == 0


async def test_a_replayed_dead_letter_goes_to_the_end_of_the_log(held: Held) -> None:
    partition = held.place.partition
    record = UsageRecorded(
        event_id=EventId(uuid4()),
        subject="customer/7",
        sequence=12,
        at=NOW,
        customer_id=a_customer(partition),
        county="990101",
        record_id="R-1",
        kind=UsageKind.VOICE,
        direction=Direction.IN,
    )
    async with unit_of_work(held.alerts.worker) as uow:
        uow.source = held.place
        await on_usage_recorded(record, uow)
        await on_usage_control(registered(partition, number=3), uow)

    leaving = await held.alerts.rows(
        "SELECT headers->>'ce_sequence' FROM outbox WHERE partition = $1 AND key IS NOT NULL",
        partition,
    )
    assert leaving == [(f"{0:020d}",)]
    again = (await held.alerts.controls(partition))[-1]
    assert (again.number, again.source) == (6, f"{USAGE.name}/{partition}")
    assert again.body == registered(partition).body
