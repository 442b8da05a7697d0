"""Working days with 调休, working time, and an answer for every year there is."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.working_calendar import (
    ZONE,
    CalendarFile,
    DayKind,
    NoWorkingDay,
    WorkingCalendar,
    load_calendar,
)

CALENDAR = load_calendar()
HOUR = timedelta(hours=1)

# The days of 2018 to 2030 under each version: other days need another version, because deadlines
# are stored with it. Add a line; never change one.
DAYS_OF_VERSION = {
    "2026.1": "2966b78f78689f6e",
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def a_calendar(units: Mapping[str, Sequence[Mapping[str, object]]]) -> WorkingCalendar:
    return WorkingCalendar(
        CalendarFile.model_validate({"version": "t", "years": {}, "units": units})
    )


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.requirement("TK-02")
def test_saturday_28_february_2026_is_a_working_day_because_of_tiaoxiu() -> None:
    found = CALENDAR.explain(date(2026, 2, 28))

    assert found.working
    assert found.kind is DayKind.MAKEUP_DAY
    assert (found.name_zh, found.confirmed) == ("调休上班", True)
    assert "国办发明电" in found.source


def test_the_spring_festival_of_2026_is_skipped_and_each_day_says_why() -> None:
    assert CALENDAR.next_working_day(date(2026, 2, 14)) == date(2026, 2, 24)

    skipped = CALENDAR.skipped(date(2026, 2, 14), date(2026, 2, 24))

    assert [day.date for day in skipped] == days(date(2026, 2, 15), date(2026, 2, 23))
    assert all(day.name_zh and day.name_en for day in skipped)
    assert skipped[2].name_zh.startswith("春节")


def test_every_day_from_2018_to_2026_is_as_an_independent_calendar_has_it() -> None:
    every = days(date(2018, 1, 1), date(2026, 12, 31))

    differing = [d for d in every if CALENDAR.is_working_day(d) != chinese_calendar.is_workday(d)]

    assert len(every) == 3287
    assert differing == []


def test_the_same_version_has_the_same_days() -> None:
    bits = "".join(
        str(int(CALENDAR.is_working_day(day))) for day in days(date(2018, 1, 1), date(2030, 12, 31))
    )
    digest = hashlib.sha256(bits.encode()).hexdigest()[:16]

    assert DAYS_OF_VERSION.get(CALENDAR.version) == digest, "other days: give cn.yaml a new version"


@pytest.mark.parametrize("year", [1999, 2017, 2027, 2035, 2099])
def test_a_year_without_a_notice_is_computed_and_flagged(year: int) -> None:
    found = CALENDAR.explain(date(year, 3, 4))

    assert not found.confirmed
    assert not CALENDAR.is_confirmed(year)
    assert "no notice" in found.source


@given(st.dates(date(1990, 1, 1), date(2120, 1, 1)))
def test_the_next_working_day_is_later_and_works_and_nothing_between_does(day: date) -> None:
    following = CALENDAR.next_working_day(day)

    assert following > day
    assert CALENDAR.is_working_day(following)
    between = CALENDAR.skipped(day + timedelta(days=1), following)
    assert len(between) == (following - day).days - 1


around_new_year = st.integers(2017, 2100).flatmap(
    lambda year: st.datetimes(datetime(year, 12, 20), datetime(year + 1, 2, 28))  # noqa: DTZ001 - hypothesis adds the zone.
)
amounts = st.integers(0, 60 * 90).map(lambda minutes: timedelta(minutes=minutes))


@given(around_new_year, amounts)
def test_working_time_added_is_the_working_time_that_passed(
    start: datetime, amount: timedelta
) -> None:
    start = start.replace(tzinfo=ZONE)

    end = CALENDAR.add_working_time(start, amount)

    assert end >= start
    assert CALENDAR.is_working_day(end.date())
    assert CALENDAR.working_time_between(start, end) == amount


@given(around_new_year, amounts)
def test_working_time_subtracted_is_the_working_time_that_is_left(
    end: datetime, amount: timedelta
) -> None:
    end = end.replace(tzinfo=ZONE)

    start = CALENDAR.subtract_working_time(end, amount)

    assert start <= end
    assert CALENDAR.working_time_between(start, end) == amount


@given(around_new_year, amounts, amounts)
def test_working_time_is_added_in_parts_as_in_one(
    start: datetime, first: timedelta, second: timedelta
) -> None:
    start = start.replace(tzinfo=ZONE)
    in_parts = CALENDAR.add_working_time(CALENDAR.add_working_time(start, first), second)

    assert CALENDAR.working_time_between(start, in_parts) == first + second


@pytest.mark.requirement("TK-02")
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-02-27T16:00", 2, "2026-02-27T18:00"),  # it ends with the day, not with the next
        ("2026-02-27T17:00", 2, "2026-02-28T10:00"),  # the make-up Saturday counts
        ("2026-02-28T17:00", 2, "2026-03-02T10:00"),  # the Sunday does not
        ("2026-02-27T07:00", 1, "2026-02-27T10:00"),  # before opening
        ("2026-02-27T22:00", 1, "2026-02-28T10:00"),  # after closing
        ("2026-03-01T12:00", 0, "2026-03-02T09:00"),  # nothing passes on a Sunday
        ("2026-12-31T17:30", 1, "2027-01-04T09:30"),  # into a year that nobody has confirmed
    ],
)
def test_a_deadline_in_working_hours(start: str, hours: int, end: str) -> None:
    assert CALENDAR.add_working_time(at(start), hours * HOUR) == at(end)


def test_a_warning_two_working_hours_before_monday_morning_stands_on_saturday() -> None:
    assert CALENDAR.subtract_working_time(at("2026-03-02T10:00"), 2 * HOUR) == at(
        "2026-02-28T17:00"
    )


def test_a_moment_in_utc_is_read_on_the_clock_of_shanghai() -> None:
    assert CALENDAR.add_working_time(
        datetime.fromisoformat("2026-02-27T23:30:00+00:00"), HOUR
    ) == at("2026-02-28T10:00")


def test_a_local_day_counts_for_the_unit_and_those_below_it_alone() -> None:
    festival = {"name_zh": "三月三", "name_en": "Sanyuesan", "notice": "n"}
    calendar = a_calendar({"9901": [{"date": "2026-03-30", "working": False, **festival}]})
    monday = date(2026, 3, 30)

    assert calendar.is_working_day(monday)
    assert not calendar.of_unit("990101").is_working_day(monday)
    assert calendar.of_unit("990101").explain(monday).name_zh == "三月三"
    assert calendar.of_unit("9902").is_working_day(monday)


def test_the_nearer_unit_has_the_last_word() -> None:
    closed = {"date": "2026-03-30", "name_zh": "x", "name_en": "x", "notice": "n"}
    calendar = a_calendar(
        {"990101": [{**closed, "working": True}], "9901": [{**closed, "working": False}]}
    )

    assert calendar.of_unit("990101").is_working_day(date(2026, 3, 30))
    assert not calendar.of_unit("990102").is_working_day(date(2026, 3, 30))


def test_a_file_without_a_working_day_ends_in_a_message() -> None:
    closed = {"working": False, "name_zh": "x", "name_en": "x", "notice": "n"}
    shut = [{"date": day, **closed} for day in days(date(2026, 1, 1), date(2028, 1, 1))]
    calendar = a_calendar({"99": shut}).of_unit("99")

    with pytest.raises(NoWorkingDay, match="mend the calendar file"):
        calendar.next_working_day(date(2026, 1, 1))


def test_a_misspelt_calendar_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cn.yaml"
    file.write_text(
        "version: x\nyears: {2026: {confirmed: true, notice: n, dayoff: []}}\nunits: {}"
    )

    with pytest.raises(ValidationError, match="dayoff"):
        load_calendar(file)
