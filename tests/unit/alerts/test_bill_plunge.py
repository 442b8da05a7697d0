"""The bill plunge at its edge, its near misses beside it, its cool-down behind it (AL-01)."""

from datetime import timedelta

import pytest

from services.alerts.engine import snapshot
from tests.unit.alerts.engine_facts import (
    FRIDAY,
    a_baseline,
    a_bill,
    an_engine,
)

HOURS = timedelta(hours=1)


@pytest.mark.requirement("AL-01")
@pytest.mark.parametrize(
    ("mean_yuan", "bill_yuan", "expected"),
    [
        (100, 70, True),  # 30 % down
        (100, 71, False),
        (100, 76, False),  # the near miss of the demo: 24 % down
        (100, 0, True),
        (50, 35, True),  # the smallest mean that counts
        (49, 10, False),
    ],
)
def test_a_bill_plunges_against_the_three_months_before(
    mean_yuan: int, bill_yuan: int, *, expected: bool
) -> None:
    engine = an_engine()
    engine.apply(a_baseline(bills_fen=(0,) * 9 + (mean_yuan * 100,) * 3))

    hit = engine.apply(a_bill(bill_yuan))

    assert (hit is not None) == expected
    if hit:
        assert (hit.value, hit.baseline, hit.unit) == (bill_yuan * 100, mean_yuan * 100, "fen")


@pytest.mark.requirement("AL-01")
@pytest.mark.parametrize("month", ["2026-04", "2062-02", "2099-12"])
def test_a_bill_of_a_month_far_ahead_makes_nobody_deaf_to_the_true_one(month: str) -> None:
    engine = an_engine()
    engine.apply(a_baseline())

    assert engine.apply(a_bill(1, month=month)) is None
    assert engine.apply(a_bill(1)) is not None


@pytest.mark.requirement("AL-01")
@pytest.mark.parametrize("cool_down", [timedelta(0), timedelta(days=8)])
def test_a_bill_that_comes_again_under_another_event_id_changes_nothing(
    cool_down: timedelta,
) -> None:
    """The merger tells both, each as a record of its own: here a month has one bill."""
    engine = an_engine()
    engine.apply(a_baseline())
    for month, yuan in (("2026-02", 10), ("2026-03", 20)):
        at = FRIDAY if month == "2026-02" else FRIDAY + timedelta(days=30)
        first, again = (a_bill(yuan, month=month, at=at + wait) for wait in (0 * HOURS, cool_down))
        assert first.event_id != again.event_id
        assert first.bill_id == again.bill_id
        assert engine.apply(first) is not None
        row = snapshot.dump(engine)

        assert engine.apply(again) is None
        assert snapshot.dump(engine) == row


@pytest.mark.requirement("AL-01")
def test_a_plunge_needs_three_months_that_follow_each_other_and_a_warm_row() -> None:
    cold = an_engine()
    for month in ("2025-10", "2025-11", "2025-12", "2026-01"):
        assert cold.apply(a_bill(100, month=month)) is None
    assert cold.apply(a_bill(10)) is None  # neither baseline nor 14 days of records

    gap = an_engine()
    gap.apply(a_baseline())
    assert gap.apply(a_bill(10, month="2026-03")) is None  # February is missing


@pytest.mark.requirement("AL-01")
def test_a_plunge_within_the_cool_down_is_told_as_suppressed() -> None:
    engine = an_engine()
    engine.apply(a_baseline(bills_fen=(1_000_000,) * 12))
    engine.apply(a_bill(200))

    again = engine.apply(a_bill(100, month="2026-03", at=FRIDAY + timedelta(days=6)))
    later = engine.apply(a_bill(1, month="2026-04", at=FRIDAY + timedelta(days=8)))

    assert again is not None
    assert again.suppressed
    assert later is not None
    assert not later.suppressed
