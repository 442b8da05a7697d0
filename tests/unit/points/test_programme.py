"""Points years, whole points, clearing dates: the edges where a ledger goes wrong quietly."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from points_facts import PROGRAMME, PROGRAMMES

from services.points.domain.programme import (
    Programmes,
    UnknownProgramme,
    business_day,
    month_start,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.requirement("PT-12")
@pytest.mark.parametrize(
    ("fen", "points"),
    [(0, 0), (99, 0), (100, 1), (199, 1), (12_345, 123), (10**12 - 1, 10**10 - 1)],
)
def test_a_whole_yuan_is_a_point_and_the_rest_is_rounded_down(fen: int, points: int) -> None:
    assert PROGRAMME.points_for(fen) == points


@pytest.mark.requirement("PT-12")
@given(st.integers(0, 10**12))
def test_points_return_two_percent_of_a_bill_and_never_more(fen: int) -> None:
    back = PROGRAMME.value_fen(PROGRAMME.points_for(fen))
    assert fen * 2 // 100 - 2 < back <= fen * 2 / 100


@pytest.mark.requirement("PT-08")
def test_fifty_points_are_one_yuan() -> None:
    assert PROGRAMME.value_fen(50) == 100


@pytest.mark.requirement("PT-09")
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_value_is_linear(one: int, other: int) -> None:
    apart = PROGRAMME.value_fen(one) + PROGRAMME.value_fen(other)
    assert PROGRAMME.value_fen(one + other) == apart


@pytest.mark.requirement("PT-15")
@pytest.mark.parametrize(
    ("day", "cohort"),
    [
        (date(2025, 11, 30), 2025),
        (date(2025, 12, 1), 2026),
        (date(2025, 12, 31), 2026),
        (date(2026, 1, 1), 2026),
        (date(2024, 2, 29), 2024),
        (date(2026, 11, 30), 2026),
    ],
)
def test_the_points_year_runs_from_december_to_november(day: date, cohort: int) -> None:
    assert PROGRAMME.cohort_of(day) == cohort


@pytest.mark.requirement("PT-15")
@given(DAYS)
def test_a_cohort_changes_on_the_first_of_december_and_on_no_other_day(day: date) -> None:
    turned = PROGRAMME.cohort_of(day) - PROGRAMME.cohort_of(day - timedelta(days=1))
    assert turned == ((day.month, day.day) == (12, 1))


@pytest.mark.requirement("PT-15")
@given(DAYS)
def test_a_day_lies_in_the_year_of_its_cohort(day: date) -> None:
    cohort = PROGRAMME.cohort_of(day)
    assert PROGRAMME.first_day(cohort) <= day < PROGRAMME.first_day(cohort + 1)


@given(DAYS)
def test_points_live_five_months_at_least_and_seventeen_at_most(day: date) -> None:
    lives = PROGRAMME.clears_on(PROGRAMME.cohort_of(day)) - day
    assert timedelta(days=150) < lives <= timedelta(days=516)


def test_a_calendar_year_is_a_points_year_as_well() -> None:
    calendar = replace(PROGRAMME, year_ends_month=12)
    assert calendar.cohort_of(date(2026, 12, 31)) == 2026
    assert calendar.first_day(2026) == date(2026, 1, 1)


@pytest.mark.requirement("PT-16")
def test_a_cohort_clears_on_the_thirtieth_of_april_and_grace_is_added() -> None:
    assert PROGRAMME.clears_on(2025) == date(2026, 4, 30)
    assert replace(PROGRAMME, grace_days=31).clears_on(2025) == date(2026, 5, 31)


def test_the_version_in_force_on_the_day_decides() -> None:
    double = replace(PROGRAMME, version=2, valid_from=date(2026, 6, 1), points_per_yuan=2)
    programmes = Programmes((double, PROGRAMME))
    assert programmes.in_force("standard", date(2026, 5, 31)) == PROGRAMME
    assert programmes.in_force("standard", date(2026, 6, 1)) == double


@pytest.mark.requirement("PT-16")
def test_a_cohort_clears_by_the_version_its_year_began_under() -> None:
    later = replace(PROGRAMME, version=2, valid_from=date(2026, 6, 1), grace_days=60)
    programmes = Programmes((PROGRAMME, later))
    assert programmes.clears_on(later, 2026) == programmes.clears_on(PROGRAMME, 2026)
    assert programmes.clears_on(later, 2027) == date(2028, 6, 29)


@pytest.mark.parametrize(
    ("code", "day"), [("gold", date(2026, 1, 1)), ("standard", date(1990, 1, 1))]
)
def test_no_programme_is_an_answer_not_a_guess(code: str, day: date) -> None:
    with pytest.raises(UnknownProgramme, match=code):
        PROGRAMMES.in_force(code, day)


def test_the_trades_day_begins_at_midnight_in_china() -> None:
    assert business_day(datetime(2025, 11, 30, 15, 59, tzinfo=UTC)) == date(2025, 11, 30)
    assert business_day(datetime(2025, 11, 30, 16, 0, tzinfo=UTC)) == date(2025, 12, 1)


def test_a_bill_month_stands_for_its_first_day() -> None:
    assert month_start("2024-02") == date(2024, 2, 1)
