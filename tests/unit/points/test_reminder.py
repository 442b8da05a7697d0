"""Reminders before clearing: offsets, whom a call is worth, days with places, second attempts."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from points_facts import PROGRAMME

from services.points.domain.programme import day_begins
from services.points.domain.reminder import (
    ClearingLot,
    Member,
    Propose,
    State,
    Window,
    choose_day,
    decide_proposal,
    decide_reminder,
    next_offset_on,
    propose_again_at,
    window_on,
)
from shared.events.customers import CustomerStatus, Tier

CLEARS_ON = date(2026, 4, 30)
T60, T30, T7 = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 23)
FIRST = Window(60, T60, T30)

SILVER = Member("990101", Tier.SILVER, CustomerStatus.ACTIVE)
LOT = ClearingLot(7, "standard", 2025, CLEARS_ON, available=3_000)

pt_17 = pytest.mark.requirement("PT-17")


@pt_17
@pytest.mark.parametrize(
    ("day", "days"),
    [
        (T60 - timedelta(days=1), None),
        (T60, 60),
        (T30 - timedelta(days=1), 60),
        (T30, 30),
        (T7, 7),
        (CLEARS_ON - timedelta(days=1), 7),
        (CLEARS_ON, None),
    ],
)
def test_an_offset_lasts_until_the_next_one_and_the_last_until_the_points_clear(
    day: date, days: int | None
) -> None:
    window = window_on(PROGRAMME, CLEARS_ON, day)
    assert (window.days if window else None) == days


@pytest.mark.parametrize(
    ("after", "day"),
    [(date(2026, 1, 1), T60), (T60, T30), (date(2026, 4, 1), T7), (T7, None), (CLEARS_ON, None)],
)
def test_a_lot_is_looked_at_again_on_its_next_offset(after: date, day: date | None) -> None:
    assert next_offset_on(PROGRAMME, CLEARS_ON, after) == day


def test_the_first_offset_is_where_a_new_lot_waits() -> None:
    assert PROGRAMME.reminds_on(CLEARS_ON) == T60
    assert replace(PROGRAMME, reminder_days=()).reminds_on(CLEARS_ON) is None


@pt_17
@pytest.mark.parametrize(
    ("tier", "status", "points", "worth"),
    [
        (Tier.DIAMOND, CustomerStatus.ACTIVE, 3_000, True),
        (Tier.GOLD, CustomerStatus.SUSPENDED, 3_000, True),
        (Tier.SILVER, CustomerStatus.ACTIVE, 3_000, True),
        (Tier.SILVER, CustomerStatus.ACTIVE, 2_999, False),
        (Tier.GUEST, CustomerStatus.ACTIVE, 50_000, False),
        (Tier.NONE, CustomerStatus.ACTIVE, 50_000, False),
        (Tier.DIAMOND, CustomerStatus.CLOSED, 50_000, False),
    ],
)
def test_a_call_is_for_silver_and_above_with_three_thousand_points(
    tier: Tier, status: CustomerStatus, points: int, *, worth: bool
) -> None:
    member = Member("990101", tier, status)
    considered = decide_reminder(replace(LOT, available=points), member, PROGRAMME, today=T60)
    assert considered is not None
    assert considered.worth_a_call is worth
    assert considered.otherwise is State.NO_CHANNEL


@pytest.mark.parametrize(
    ("available", "told", "changed"),
    [
        (3_000, None, True),
        (3_000, 3_000, False),
        (4_000, 3_000, True),
        (2_999, None, False),  # too little to move anybody
        (100, 3_000, True),  # what was told is no longer true
        (0, 3_000, True),
        (50, 100, False),  # never told
    ],
)
def test_what_is_at_risk_is_told_where_it_matters_and_when_it_changed(
    available: int, told: int | None, *, changed: bool
) -> None:
    lot = replace(LOT, available=available, told=told)
    considered = decide_reminder(lot, SILVER, PROGRAMME, today=T30)
    assert considered is not None
    assert considered.changed is changed


def test_a_lot_that_never_held_anything_is_not_considered() -> None:
    assert decide_reminder(replace(LOT, available=0), SILVER, PROGRAMME, today=T60) is None
    assert decide_reminder(LOT, SILVER, PROGRAMME, today=CLEARS_ON) is None


@pt_17
@given(st.integers(0, 120), st.integers(1, 5), st.integers(0, 29))
def test_reminders_spread_evenly_over_the_days_that_are_left_and_overfill_none(
    members: int, per_day_max: int, passed: int
) -> None:
    today = T60 + timedelta(days=passed)
    taken: Counter[date] = Counter()
    homeless = 0
    for _ in range(members):
        day = choose_day(FIRST, taken, today=today, per_day_max=per_day_max)
        if day is None:
            homeless += 1
        else:
            taken[day] += 1
    left = 30 - passed
    assert all(today <= day < T30 for day in taken)
    assert homeless == max(0, members - left * per_day_max)
    assert max(taken.values(), default=0) <= per_day_max
    assert (
        max(taken.values(), default=0)
        - min((taken[today + timedelta(days=n)] for n in range(left)), default=0)
        <= 1
    )


def test_who_comes_later_takes_the_day_with_most_places() -> None:
    taken = dict.fromkeys((T60 + timedelta(days=n) for n in range(30)), 5)
    taken[T60 + timedelta(days=3)] = 2
    taken[T60 + timedelta(days=9)] = 2
    day = choose_day(FIRST, taken, today=T60, per_day_max=500)
    assert day == T60 + timedelta(days=3)


T60_BEGINS = day_begins(T60)


def decided(
    *,
    member: Member = SILVER,
    available: int = 3_000,
    attempts: int = 0,
    now: datetime = T60_BEGINS,
) -> Propose | State:
    lot = replace(LOT, available=available)
    return decide_proposal(lot, member, PROGRAMME, attempts=attempts, ends_on=T30, now=now)


@pt_17
@pytest.mark.parametrize(
    ("tier", "priority"), [(Tier.DIAMOND, 28), (Tier.GOLD, 28), (Tier.SILVER, 25)]
)
def test_the_priority_is_a_reminders_plus_the_tiers(tier: Tier, priority: int) -> None:
    member = replace(SILVER, tier=tier)
    assert decided(member=member) == Propose(priority, attempt=1)
    assert decided(member=member, attempts=1) == Propose(priority, attempt=2)


def test_what_changed_since_the_day_was_chosen_stops_the_proposal() -> None:
    assert decided(available=0) is State.NOTHING_LEFT
    assert decided(available=2_999) is State.NO_CHANNEL
    assert decided(member=replace(SILVER, tier=Tier.GUEST)) is State.NO_CHANNEL
    assert decided(now=day_begins(T30) - timedelta(seconds=1)) == Propose(25, 1)
    assert decided(now=day_begins(T30)) is State.LAPSED


@pt_17
def test_a_declined_reminder_is_tried_once_more_and_never_a_third_time() -> None:
    again_at = day_begins(T60) + timedelta(days=7)
    assert propose_again_at(again_at, attempts=1, ends_on=T30) == again_at
    assert propose_again_at(again_at, attempts=2, ends_on=T30) is None
    assert propose_again_at(None, attempts=1, ends_on=T30) is None
    assert propose_again_at(day_begins(T30), attempts=1, ends_on=T30) is None
