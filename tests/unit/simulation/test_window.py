"""Friday to Monday: a make-up Saturday, a Sunday that does not count, 338 seconds in all."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from holdfast.simulation.window import BEGINS, BILL_RUN_BEGINS, ENDS, segments
from shared.clock import Clock
from shared.working_calendar import DayKind, load_calendar

WALL = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_story_has_a_make_up_saturday_and_a_sunday_that_deadlines_skip() -> None:
    calendar = load_calendar()

    assert calendar.explain(date(2026, 2, 28)).kind is DayKind.MAKEUP_DAY
    assert not calendar.is_working_day(date(2026, 3, 1))
    assert calendar.is_working_day(date(2026, 2, 27))
    assert calendar.is_working_day(date(2026, 3, 2))


def test_the_whole_story_takes_338_seconds() -> None:
    told = segments(WALL, load_calendar())

    assert told[-1].wall_from - told[0].wall_from == timedelta(seconds=338.5)
    assert [segment.rate for segment in told] == [480, 3_600, 480, 3_600, 480, 1]


def test_business_time_has_no_leap_from_one_segment_to_the_next() -> None:
    told = segments(WALL, load_calendar())

    for before, after in pairwise(told):
        assert Clock([before]).at(after.wall_from) == after.business_from
    assert (told[0].business_from, told[-1].business_from) == (BEGINS, ENDS)


def test_the_bill_run_begins_at_the_faster_rate() -> None:
    clock = Clock(segments(WALL, load_calendar()))
    moments = [WALL + timedelta(seconds=second) for second in range(338)]
    [rate] = {
        clock.segment_at(m).rate
        for m in moments
        if BILL_RUN_BEGINS <= clock.at(m) < BILL_RUN_BEGINS + timedelta(hours=1)
    }

    assert rate == 3_600


def test_a_quicker_telling_keeps_the_proportions() -> None:
    told = segments(WALL, load_calendar(), speed=8)

    assert told[-1].wall_from - told[0].wall_from == timedelta(seconds=338.5 / 8)
    assert told[-1].rate == 1
