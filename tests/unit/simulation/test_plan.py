"""The planted causes: so many, nobody twice, each such that its rule must find it, or must not."""

from datetime import date, timedelta

import numpy as np
import pytest

from holdfast.simulation.plan import (
    COUNTS,
    REDEMPTIONS,
    Cause,
    Plan,
    make_plan,
)
from holdfast.simulation.population import Population, populate
from holdfast.simulation.window import BEGINS, ENDS
from shared.working_calendar import load_calendar


def test_every_cause_is_planted_as_often_as_the_story_says(plan: Plan) -> None:
    assert {cause: len(found) for cause, found in plan.by_cause.items()} == COUNTS
    assert len(plan.redemptions) == REDEMPTIONS


def test_nobody_carries_two_causes(plan: Plan) -> None:
    rows = [planted.row for planted in plan.planted]

    assert len(rows) == len(set(rows)) == sum(COUNTS.values())


def test_the_same_seed_makes_the_same_story_and_another_seed_another(
    province: Population, plan: Plan
) -> None:
    again = make_plan(populate(1, province.size), load_calendar())
    other = make_plan(populate(2, province.size), load_calendar())

    assert again.planted == plan.planted
    assert (again.february_fen == plan.february_fen).all()
    assert other.planted != plan.planted


def test_planted_contracts_end_within_30_days_and_all_others_after_more_than_45(plan: Plan) -> None:
    ending = plan.rows(Cause.CONTRACT_EXPIRY)
    others = np.delete(plan.contract_ends, ending)
    last_day = (ENDS.date() - BEGINS.date()).days

    assert plan.contract_ends[ending].max() <= 30
    assert plan.contract_ends[ending].min() > 0
    assert others[others > 0].min() > 45 + last_day


def test_bills_plunge_by_30_percent_for_those_planned_alone(
    province: Population, plan: Plan
) -> None:
    fall = 1 - plan.february_fen / province.recent_mean_fen
    found = np.flatnonzero((fall >= 0.30) & (province.recent_mean_fen >= 5_000))
    near = fall[plan.rows(Cause.NEAR_PLUNGE)]

    assert set(found.tolist()) == set(plan.rows(Cause.BILL_PLUNGE).tolist())
    assert near.min() == pytest.approx(0.24, abs=0.001)
    assert near.max() == pytest.approx(0.24, abs=0.001)


def test_a_silence_is_72_hours_old_before_the_story_ends(plan: Plan) -> None:
    begins = [planted.at for planted in plan.by_cause[Cause.SILENCE]]

    assert max(begins) + timedelta(hours=72) < ENDS - timedelta(hours=4)
    assert min(begins) + timedelta(hours=72) > BEGINS


def test_counters_are_visited_when_they_are_open(plan: Plan) -> None:
    visits = [planted.at for planted in plan.by_cause[Cause.COUNTER]]

    assert {visit.date() for visit in visits} == {
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 2),
    }
    assert all(9 <= visit.hour < 15 for visit in visits)


def test_applications_for_portability_come_after_the_task_and_before_any_call(plan: Plan) -> None:
    expiring = set(plan.rows(Cause.CONTRACT_EXPIRY).tolist())

    assert len(plan.portability) >= 3
    for application in plan.portability:
        assert application.row in expiring
        assert application.at.date() == BEGINS.date()
        assert application.at.hour < 9


def test_a_smaller_province_gets_its_share_of_every_cause() -> None:
    small = make_plan(populate(1, 2_000), load_calendar())

    assert len(small.by_cause[Cause.CONTRACT_EXPIRY]) == 48
    assert all(len(found) >= 2 for found in small.by_cause.values())
