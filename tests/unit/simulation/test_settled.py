"""An open demo goes on where an earlier one was, and begins where there was none."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.simulation.story import is_under_way
from holdfast.simulation.window import BEGINS, CUT_OVER
from shared.clock import Clock, Segment


@pytest.mark.parametrize(
    ("stands_at", "rate", "expected"),
    [
        (CUT_OVER, 1.0, False),
        (CUT_OVER, 60.0, False),
        (BEGINS + timedelta(days=1), 1.0, False),
        (BEGINS + timedelta(days=1), 60.0, True),
    ],
    ids=["life's rate at night", "the demo's at night", "too slow", "it goes on"],
)
def test_a_demo_is_under_way_behind_its_first_moment_at_its_rate(
    stands_at: datetime, rate: float, *, expected: bool
) -> None:
    clock = Clock([Segment(datetime.now(UTC), stands_at, rate)])

    assert is_under_way(clock, BEGINS, rate=60.0) is expected


def test_at_lifes_own_rate_it_begins_as_well() -> None:
    night = Clock([Segment(datetime.now(UTC), CUT_OVER, 1.0)])

    assert not is_under_way(night, BEGINS, rate=1.0)
