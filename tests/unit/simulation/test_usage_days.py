"""Call records: nobody is silent or forwards by chance, and near misses stay what they are."""

from datetime import timedelta

import numpy as np
import pytest

from holdfast.simulation.plan import Cause, Plan
from holdfast.simulation.population import Population
from holdfast.simulation.usage_days import FORWARDED, IN, OUT, VOICE, Usage, usage_of
from holdfast.simulation.window import BEGINS, ENDS, days

SECOND = 1_000_000
HOUR = 3_600 * SECOND


@pytest.fixture(scope="module")
def week(province: Population, plan: Plan) -> list[Usage]:
    return [usage_of(province, plan, day) for day in days(BEGINS.date(), ENDS.date())]


def longest_silence(usage: list[Usage], rows: np.ndarray) -> np.ndarray:
    """Of each customer, the longest time without a record between two of theirs, or none."""
    row = np.concatenate([u.row for u in usage])
    at = np.concatenate([u.at for u in usage])
    order = np.lexsort((at, row))
    gaps = np.diff(at[order])
    same = np.diff(row[order]) == 0
    longest = np.zeros(int(row.max()) + 1, np.int64)
    np.maximum.at(longest, row[order][1:][same], gaps[same])
    return longest[rows]


def test_records_are_in_order_and_the_same_each_time(
    province: Population, plan: Plan, week: list[Usage]
) -> None:
    again = usage_of(province, plan, BEGINS.date())

    assert (np.diff(again.at) >= 0).all()
    assert (again.at == week[0].at).all()
    assert (again.seconds == week[0].seconds).all()


def test_only_the_planned_are_silent_for_long(
    province: Population, plan: Plan, week: list[Usage]
) -> None:
    planned = [plan.rows(Cause.SILENCE), plan.rows(Cause.NEAR_SILENCE)]
    others = np.setdiff1d(np.arange(province.size), np.concatenate(planned))

    assert longest_silence(week, others).max() < 40 * HOUR


def test_who_was_silent_for_60_hours_is_heard_in_time(plan: Plan, week: list[Usage]) -> None:
    row = np.concatenate([u.row for u in week])
    at = np.concatenate([u.at for u in week])

    near = zip(plan.rows(Cause.NEAR_SILENCE), plan.moments(Cause.NEAR_SILENCE), strict=True)
    for silent, begins in near:
        heard = at[row == silent]
        assert heard[heard > begins].min() == begins + 60 * HOUR


def test_a_planned_silence_has_no_record_after_its_beginning(plan: Plan, week: list[Usage]) -> None:
    begins = dict(
        zip(plan.rows(Cause.SILENCE).tolist(), plan.moments(Cause.SILENCE).tolist(), strict=True)
    )

    for usage in week:
        for row, at in zip(usage.row.tolist(), usage.at.tolist(), strict=True):
            assert at <= begins.get(row, at)


def shares(week: list[Usage], row: int) -> list[tuple[float, float]]:
    """After each terminating call: forwarded minutes so far and their share (AL-02)."""
    told: list[tuple[float, float]] = []
    total = forwarded = 0.0
    for usage in week:
        for place in np.flatnonzero((usage.row == row) & (usage.kind == VOICE)):
            if usage.direction[place] == OUT:
                continue
            minutes = usage.seconds[place] / 60
            total += minutes
            forwarded += minutes * (usage.direction[place] == FORWARDED)
            told.append((forwarded, forwarded / total))
    return told


def test_planned_forwarding_is_found_and_a_near_miss_never_is(
    plan: Plan, week: list[Usage]
) -> None:
    for row in plan.rows(Cause.FORWARDING)[:40].tolist():
        assert any(minutes >= 30 and share >= 0.4 for minutes, share in shares(week, row))
    for row in plan.rows(Cause.NEAR_FORWARDING)[:40].tolist():
        told = shares(week, row)
        assert max(share for _, share in told) <= 0.351
        assert max(minutes for minutes, _ in told) >= 30


def test_nobody_else_forwards_half_an_hour(
    province: Population, plan: Plan, week: list[Usage]
) -> None:
    forwarded = np.zeros(province.size, np.int64)
    for usage in week:
        np.add.at(forwarded, usage.row, usage.seconds * (usage.direction == FORWARDED))
    planned = [plan.rows(Cause.FORWARDING), plan.rows(Cause.NEAR_FORWARDING)]
    forwarded[np.concatenate(planned)] = 0

    assert forwarded.max() < 30 * 60


def test_what_comes_in_is_a_call_or_a_message(week: list[Usage]) -> None:
    for usage in week:
        assert (usage.kind[usage.direction == IN] == VOICE).all()
        assert (usage.at < int((ENDS + timedelta(days=1)).timestamp()) * SECOND).all()
