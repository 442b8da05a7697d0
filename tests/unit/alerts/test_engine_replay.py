"""Same log, same answer: however it is batched, compiled or not, undone, or begun in its middle."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
import pytest

from services.alerts.engine import index, kernel, layout, scans, snapshot
from services.alerts.engine.hits import Hit
from services.alerts.engine.jit import interpreted
from services.alerts.engine.layout import Rows
from services.alerts.engine.partition import ControlGap, PartitionEngine
from shared.events.event import Event
from tests.unit.alerts.engine_facts import (
    FRIDAY,
    a_baseline,
    a_bill,
    a_deactivation,
    a_profile,
    a_record,
    an_engine,
    together,
)

CUSTOMERS = range(1, 40)
RECORDS = 1_500


def a_log(seed: int = 7) -> list[Rows | Event]:
    """Twelve days of some customers' use, in which every rule meets somebody."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable log.
    log: list[Rows | Event] = [a_baseline(customer=n) for n in CUSTOMERS]
    # Some contracts end soon; of the others one comes within reach on each of the days.
    ends = (FRIDAY.date() + timedelta(days=20 + n) for n in CUSTOMERS)
    log += [a_profile(end, customer_id=n) for n, end in zip(CUSTOMERS, ends, strict=True)]
    times = sorted(chance.uniform(0, 12 * 24 * 60) for _ in range(RECORDS))
    for n, minutes in enumerate(times):
        at = FRIDAY + timedelta(minutes=minutes - chance.choice([0, 0, 0, 30, 200]))
        customer = chance.choice(CUSTOMERS[: 39 - n // 60])  # ever more of them fall silent
        direction = chance.choice(["out", "in", "in", "forwarded"])
        log.append(
            a_record(
                at, customer=customer, direction=direction, seconds=chance.randrange(20, 1_200)
            )
        )
        if n % 100 == 0:
            log.append(a_bill(chance.choice([20, 90]), customer=customer, at=at))
        if n % 150 == 0:
            log.append(a_deactivation(at).model_copy(update={"customer_id": customer}))
    return log


LOG = a_log()


def batched(log: Sequence[Rows | Event], sizes: Iterator[int]) -> Iterator[Rows | Event]:
    """The same log, its records gathered into batches of these sizes."""
    waiting: list[Rows] = []
    size = next(sizes)
    for item in log:
        if isinstance(item, Event):
            if waiting:
                yield together(waiting)
                waiting = []
            yield item
            continue
        waiting.append(item)
        if len(waiting) >= size:
            yield together(waiting)
            waiting, size = [], next(sizes)
    if waiting:
        yield together(waiting)


def played(
    log: Iterator[Rows | Event] | Sequence[Rows | Event], engine: PartitionEngine
) -> list[Hit]:
    hits: list[Hit] = []
    for item in log:
        if isinstance(item, Event):
            hit = engine.apply(item)
            hits += [hit] if hit else []
        else:
            hits += engine.fold_usage(item.copy())
    return hits


def sizes_of(seed: int) -> Iterator[int]:
    chance = random.Random(seed)  # noqa: S311 - repeatable sizes.
    while True:
        yield chance.choice([1, 2, 7, 100, 1_000])


ONE_BY_ONE = played(LOG, an_engine())


@pytest.mark.requirement("AL-13")
def test_the_log_of_these_tests_meets_the_rules() -> None:
    assert {hit.rule for hit in ONE_BY_ONE} == set(layout.CODES)
    assert len({hit.alert_id for hit in ONE_BY_ONE}) == len(ONE_BY_ONE) > 30


@pytest.mark.parametrize("seed", range(4))
def test_hits_are_the_same_however_the_log_is_batched(seed: int) -> None:
    assert played(batched(LOG, sizes_of(seed)), an_engine()) == ONE_BY_ONE


def test_compiled_and_interpreted_agree_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = an_engine()
    expected = played(LOG[:600], compiled)
    for module in (kernel, scans, index):
        for name, function in list(vars(module).items()):
            if hasattr(function, "py_func"):
                monkeypatch.setattr(module, name, interpreted(function))
    monkeypatch.setattr("services.alerts.engine.partition.fold_records", kernel.fold_records)
    for name in ("scan_silence", "scan_expiry"):
        monkeypatch.setattr(f"services.alerts.engine.partition.{name}", getattr(scans, name))
    for name in ("find_slots", "place_customers"):
        monkeypatch.setattr(f"services.alerts.engine.rows.{name}", getattr(index, name))
    plain = an_engine()

    assert played(LOG[:600], plain) == expected
    assert snapshot.dump(plain) == snapshot.dump(compiled)


def test_a_fold_that_is_undone_leaves_no_trace() -> None:
    once, twice = an_engine(), an_engine()
    half = len(LOG) // 2
    played(LOG[:half], once)
    played(LOG[:half], twice)

    twice.mark()
    before = snapshot.dump(twice)
    first = played(batched(LOG[half:], sizes_of(1)), twice)
    twice.undo()

    assert snapshot.dump(twice) == before
    assert played(LOG[half:], twice) == first == played(LOG[half:], once)
    assert snapshot.dump(twice) == snapshot.dump(once)


def test_an_engine_that_begins_at_a_snapshot_goes_on_as_if_it_had_never_stopped() -> None:
    engine = an_engine()
    third = len(LOG) // 3
    begun = played(LOG[:third], engine)

    restored = snapshot.load(snapshot.dump(engine))

    assert begun + played(LOG[third:], restored) == ONE_BY_ONE


@pytest.mark.parametrize(
    "shape",
    [layout.HOT, layout.COLD, layout.TRACE, layout.TRAILS, layout.PARAMETERS, layout.PROGRESS],
)
def test_rows_have_no_gaps_and_are_whole_words(shape: np.dtype[np.void]) -> None:
    fields = shape.fields or {}

    assert sum(field[0].itemsize for field in fields.values()) == shape.itemsize
    assert shape.itemsize % 8 == 0


def test_rows_fit_their_cache_lines() -> None:
    assert layout.HOT.itemsize <= 128
    assert layout.COLD.itemsize + layout.TRAILS.itemsize <= 320


def test_an_empty_engine_has_a_snapshot_too() -> None:
    restored = snapshot.load(snapshot.dump(PartitionEngine()))

    assert restored.rows.count == 0
    assert restored.apply(a_baseline()) is None


@pytest.mark.parametrize("damage", [b"", b"HFSNAP", b"HFSNAP\xff\xff\0\0\0\0", b"another thing"])
def test_another_layout_is_refused_and_never_guessed(damage: bytes) -> None:
    with pytest.raises(snapshot.UnsoundSnapshot):
        snapshot.load(damage)


def test_the_watermark_waits_for_the_slowest_source_and_for_one_that_has_told_nothing() -> None:
    engine = an_engine(source=False)
    sources, progress = engine.ledger.sources, engine.ledger.progress
    told: list[int] = []

    def hear(name: str, minutes: int) -> None:
        engine.hear(name, int((FRIDAY + timedelta(minutes=minutes)).timestamp() * 1e6))
        watermark = int(progress[0]["watermark"])
        told.append(-1 if watermark < 0 else (watermark - _FRIDAY) // 60_000_000)

    hear("a", 20)  # nobody is registered: traffic makes no source
    sources.register("a")
    sources.register("b")
    hear("a", 30)
    hear("b", 60)
    hear("a", 90)
    hear("b", 50)  # a source never goes back
    sources.retire("b")
    hear("a", 100)

    assert told == [-1, -1, 20, 50, 50, 90]


_FRIDAY = int(FRIDAY.timestamp() * 1e6)


def test_a_record_moves_the_watermark_of_its_own_source_alone() -> None:
    engine = an_engine()
    engine.ledger.sources.register("other")
    engine.fold_usage(a_record(FRIDAY, source=0))
    assert int(engine.ledger.progress[0]["watermark"]) == -1

    engine.fold_usage(a_record(FRIDAY + timedelta(hours=1), source=1))
    engine.fold_usage(a_record(FRIDAY + timedelta(hours=9), source=-1))

    assert int(engine.ledger.progress[0]["watermark"]) == _FRIDAY - 600 * 10**6


def test_a_record_two_days_behind_is_counted_late_and_changes_no_window() -> None:
    engine = an_engine()
    engine.fold_usage(a_record(FRIDAY))
    before = engine.rows.hot[0].copy()

    late = FRIDAY - timedelta(hours=48, minutes=11)
    engine.fold_usage(a_record(late, direction="forwarded", seconds=9_000))
    engine.fold_usage(a_record(FRIDAY - timedelta(hours=47), direction="in", seconds=60))

    assert int(engine.ledger.progress[0]["late"]) == 1
    assert int(engine.rows.hot[0]["terminating"].sum()) == 60
    assert int(engine.rows.hot[0]["last_seen"]) == int(before["last_seen"])


def test_control_messages_are_taken_in_order_once_and_a_gap_is_an_end() -> None:
    engine = an_engine()
    taken = [engine.is_new_control("billing/3", number) for number in (1, 2, 2, 1, 3)]

    assert taken == [True, True, False, False, True]
    with pytest.raises(ControlGap, match="4 to 4 of billing/3"):
        engine.is_new_control("billing/3", 5)
    assert engine.is_new_control("http", 1)


def test_single_records_are_known_by_their_sources_numbers() -> None:
    engine = an_engine()
    numbers = [("m", 5), ("m", 5), ("m", 4), ("m", 6), ("n", 1), ("m", 0), ("m", 0)]

    assert [engine.is_new_record(source, number) for source, number in numbers] == [
        True, False, False, True, True, True, True,
    ]  # fmt: skip
