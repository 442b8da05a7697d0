"""Business time is a function of machine time, made of segments, that never jumps or runs back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import Clock, NoClock, Segment

WALL = datetime(2026, 11, 24, 9, tzinfo=UTC)
FRIDAY = datetime(2026, 2, 27, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_business_time_runs_at_the_rate_of_its_segment() -> None:
    clock = Clock([Segment(WALL, FRIDAY, 60)])

    assert clock.at(WALL + MINUTE) == FRIDAY + 60 * MINUTE


def test_a_change_of_rate_counts_from_its_own_beginning() -> None:
    clock = Clock([Segment(WALL, FRIDAY, 60), Segment(WALL + MINUTE, FRIDAY + 60 * MINUTE, 1)])

    assert clock.at(WALL + MINUTE - timedelta(seconds=1)) == FRIDAY + 59 * MINUTE
    assert clock.at(WALL + 2 * MINUTE) == FRIDAY + 61 * MINUTE


def test_business_time_stands_still_at_rate_zero() -> None:
    clock = Clock([Segment(WALL, FRIDAY, 0)])

    assert clock.at(WALL + timedelta(days=30)) == FRIDAY


def test_before_the_first_segment_there_is_no_business_time() -> None:
    clock = Clock([Segment(WALL, FRIDAY, 1)])

    with pytest.raises(NoClock, match="holdfast up"):
        clock.at(WALL - timedelta(microseconds=1))


def test_the_order_in_which_segments_were_read_does_not_matter() -> None:
    first, second = Segment(WALL, FRIDAY, 1), Segment(WALL + MINUTE, FRIDAY + MINUTE, 480)

    assert Clock([second, first]).at(WALL + 2 * MINUTE) == FRIDAY + 481 * MINUTE


pieces = st.lists(
    st.tuples(st.integers(1, 3600), st.sampled_from([0, 1, 60, 480, 3600])), min_size=1, max_size=8
)


@given(pieces, st.lists(st.integers(0, 30_000), min_size=2, max_size=20))
def test_continuous_segments_give_a_clock_that_never_runs_back(
    lengths: list[tuple[int, int]], moments: list[int]
) -> None:
    wall, business = WALL, FRIDAY
    segments: list[Segment] = []
    for seconds, rate in lengths:
        segments.append(Segment(wall, business, rate))
        wall += timedelta(seconds=seconds)
        business += timedelta(seconds=seconds * rate)
    clock = Clock(segments)

    times = [clock.at(WALL + timedelta(seconds=s)) for s in sorted(moments)]

    assert all(later >= earlier for earlier, later in pairwise(times))
