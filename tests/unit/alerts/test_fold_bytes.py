"""A slice folds alike from a client's records and from their batches' bytes, however it is cut."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import TopicPartition

from services.alerts.domain import control
from services.alerts.engine import snapshot
from services.alerts.handlers.fold_usage import UsageSlices
from shared.consumer_internals import Record
from shared.events import arrow, envelope
from shared.events.catalogue import USAGE
from shared.events.event import Event, EventId
from shared.events.partition import partition_of
from shared.events.usage import Direction, UsageHeartbeat, UsageRecorded
from shared.tracing import trace_of
from tests.unit.alerts.engine_facts import an_engine
from tests.unit.alerts.test_read_usage import CLOCK, CUSTOMER, NOW, ROW, a_record
from tests.unit.alerts.test_scan_records import Sent, fetched, sent

PARTITION = partition_of(CUSTOMER)
OURS = [n for n in range(1, 4_000) if partition_of(n) == PARTITION][:20]


def of_event(event: Event) -> Sent:
    headers, value = envelope.encode(event, trace_of(None, "x"))
    key = event.key.encode() if event.key else None
    return key, value, [(name, text.encode()) for name, text in headers.items()]


def single(chance: random.Random, number: int) -> Sent:
    customer = chance.choice(OURS)
    return of_event(
        a_record(
            customer_id=customer,
            subject=f"customer/{customer}",
            # Some come twice, some out of order, some have no number.
            sequence=chance.choice([0, number, number, max(0, number - 2)]),
            at=NOW - timedelta(minutes=600 - number),
            direction=chance.choice(list(Direction)),
            seconds=chance.choice([60, 1_800, 7_200]),
        )
    )


def upload(batch: UUID, minutes: int) -> Sent:
    rows: list[dict[str, Any]] = [
        ROW | {"customer_id": customer, "at": NOW - timedelta(minutes=minutes)}
        for customer in [*OURS[:5], OURS[0] + 1]  # the last is another partition's
    ]
    headers, value = arrow.encode_rows(
        UsageRecorded, rows, batch_id=batch, trace=trace_of(None, "x")
    )
    return None, value, [(name, text.encode()) for name, text in headers.items()]


def heartbeat(minutes: int) -> Sent:
    return of_event(
        UsageHeartbeat(
            event_id=EventId(uuid4()),
            subject="x",
            sequence=0,
            at=NOW - timedelta(minutes=minutes),
            source="usage",
            partition=PARTITION,
        )
    )


def registered() -> Sent:
    return of_event(
        control.act_of(
            control.SOURCE_REGISTERED,
            {"source": "usage"},
            partition=PARTITION,
            number=1,
            at=NOW,
            cause="test",
        )
    )


def a_log(seed: int) -> list[Sent]:
    chance, twice = random.Random(seed), uuid4()  # noqa: S311 - a log, not a secret.
    singles = [single(chance, number) for number in range(1, 160)]
    broken = [
        sent(b"{"),
        sent(b"null"),
        sent(key=b"12"),
        sent(ce_time=b"2099-01-01T00:00:00Z"),
        sent(ce_type=b"usage.recorded.v9"),
        sent(baggage=b"unusual and sound"),
    ]
    others = [*broken, upload(twice, 300), upload(twice, 300), heartbeat(120), heartbeat(5)]
    for other in others:
        singles.insert(chance.randrange(len(singles)), other)
    return [registered(), *singles]


class Folded:
    """One partition's slices over a log, and all that they brought."""

    def __init__(self) -> None:
        place = TopicPartition(USAGE.name, PARTITION)
        self.slices = UsageSlices(place, an_engine(source=False), set(), 0)
        self.brought: list[object] = []
        self.taken: dict[str, int] = {}

    def take(self, parts: Sequence[Sequence[Record]]) -> None:
        for part in parts:
            self.slices.must_look(part)
        for part in parts:
            self.slices.fold(part, CLOCK)

    def keep(self, next_offset: int) -> None:
        took = self.slices.slice
        self.brought += [*took.effects, *took.repeats, took.rows]
        for fault in took.folded.faults:
            assert fault.fault is not None
            self.brought.append((fault.record.offset, fault.record.row, fault.fault.reason))
        for kind, count in took.folded.taken.items():
            self.taken[kind] = self.taken.get(kind, 0) + count
        self.slices.keep(next_offset)

    def found(self) -> tuple[list[object], dict[str, int], bytes]:
        return self.brought, self.taken, snapshot.dump(self.slices.engine)


@pytest.mark.requirement("AL-13")
@pytest.mark.parametrize("seed", range(4))
def test_the_same_log_folds_alike_from_records_and_from_bytes(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - cuts, not secrets.
    raw = fetched(*[[one] for one in a_log(seed)], partition=PARTITION)
    by_records, by_bytes = Folded(), Folded()
    records = list(raw)
    at = 0
    while at < len(raw):
        end = min(len(raw), at + chance.choice([1, 7, 40, 100]))
        middle = chance.randint(at, end)
        by_records.take([records[at:end]])
        # Undone and folded again, as a slice is that did not fit into its transaction.
        by_bytes.take([raw[at:end]])
        by_bytes.slices.undo()
        by_bytes.take([part for part in (raw[at:middle], raw[middle:end]) if part])
        by_records.keep(end)
        by_bytes.keep(end)
        at = end

    assert by_bytes.found() == by_records.found()
    assert by_records.taken[UsageRecorded.event_type] > 100


def test_what_lies_below_the_position_folds_alike_without_what_was_skipped() -> None:
    raw = fetched(*[[one] for one in a_log(9)], partition=PARTITION)
    skipped = {offset for offset in raw.offsets if offset % 7 == 3}
    engines: list[bytes] = []
    for records in (list(raw), raw):
        place = TopicPartition(USAGE.name, PARTITION)
        slices = UsageSlices(place, an_engine(source=False), skipped, 0)
        slices.refold(records, CLOCK)
        assert slices.read_from == len(raw)
        engines.append(snapshot.dump(slices.engine))

    assert engines[0] == engines[1]
