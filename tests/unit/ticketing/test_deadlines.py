"""When an order is due, and why then: the days that do not count are named."""

from datetime import date, datetime

import pytest
from order_facts import CALENDAR, COUNTY, FRIDAY, an_order, at

from services.ticketing.domain.deadlines import Policy, TimerKind, due_by, timers_of
from services.ticketing.domain.order import order_number
from services.ticketing.domain.states import Stage, State
from services.ticketing.domain.timing import due_timers, run_out
from shared.working_calendar import DayKind

NEXT, SAME = Policy.END_OF_NEXT_WORKING_DAY, Policy.END_OF_SAME_WORKING_DAY


@pytest.mark.requirement("TK-02")
@pytest.mark.parametrize(
    ("policy", "began", "due"),
    [
        (NEXT, at(27, 14, 10), at(28, 18)),  # Friday: the Saturday is a make-up day
        (NEXT, at(27, 23, 59), at(28, 18)),
        (NEXT, at(28, 10), at(2, 18, month=3)),  # over a Sunday that does not count
        (NEXT, at(1, 10, month=3), at(2, 18, month=3)),  # agreed on that Sunday
        (NEXT, at(13, 10), at(14, 18)),  # a make-up Saturday before the festival
        (NEXT, at(14, 10), at(24, 18)),  # over the Spring Festival
        (SAME, at(27, 9), at(27, 18)),
        (SAME, at(27, 17, 59), at(27, 18)),
        (SAME, at(27, 18), at(28, 18)),
        (SAME, at(1, 12, month=3), at(2, 18, month=3)),
    ],
)
def test_an_order_is_due_at_the_end_of_a_working_day(
    policy: Policy, began: datetime, due: datetime
) -> None:
    assert due_by(policy, began, calendar=CALENDAR, unit=COUNTY).due_at == due


@pytest.mark.requirement("TK-02")
def test_a_deadline_names_its_calendar_and_the_sunday_it_skipped() -> None:
    saturday = due_by(NEXT, FRIDAY, calendar=CALENDAR, unit=COUNTY)
    monday = due_by(NEXT, at(28, 10), calendar=CALENDAR, unit=COUNTY)

    assert saturday.calendar_version == CALENDAR.version
    assert (saturday.due_on_kind, saturday.skipped) == (DayKind.MAKEUP_DAY, ())
    [skipped] = monday.skipped
    assert (skipped.date, skipped.kind) == (date(2026, 3, 1), DayKind.WEEKEND)
    assert skipped.source
    assert monday.confirmed


def test_a_deadline_over_an_unpublished_year_says_that_it_is_not_confirmed() -> None:
    last = due_by(NEXT, at(31, 10, month=12), calendar=CALENDAR, unit=COUNTY)

    assert last.due_at > at(31, 18, month=12)
    assert not last.confirmed


def test_warning_breach_and_escalation_follow_in_working_time() -> None:
    deadline = due_by(NEXT, at(27, 10), calendar=CALENDAR, unit=COUNTY)

    assert [(timer.kind, timer.due_at) for timer in timers_of(deadline)] == [
        (TimerKind.WARN, at(28, 16)),
        (TimerKind.BREACH, at(28, 18)),
        (TimerKind.ESCALATE, at(2, 10, month=3)),
    ]


def test_who_comes_an_hour_before_closing_gets_no_warning() -> None:
    late = due_by(SAME, at(27, 17), calendar=CALENDAR, unit=COUNTY)

    assert [timer.kind for timer in timers_of(late)] == [TimerKind.BREACH, TimerKind.ESCALATE]


def test_timers_run_out_one_after_the_other_and_once() -> None:
    order = an_order()
    kinds: list[tuple[str, datetime, int]] = []
    for timer in due_timers(order, at(2, 20, month=3)):
        move = run_out(order, timer)
        order = move.order
        kinds.append((move.act, move.at, order.clock.escalation_level))

    assert kinds == [
        ("warn", at(28, 16), 0),
        ("breach", at(28, 18), 1),
        ("escalate", at(2, 10, month=3), 2),
    ]
    assert (order.clock.stage, order.clock.breached_at) == (Stage.ESCALATED, at(28, 18))
    assert order.timers == ()
    assert order.version == 4


@pytest.mark.parametrize(
    "state",
    [State.WAITING_DISPATCHER, State.TO_VERIFY, State.VERIFIED_LOST, State.CANCELLED],
)
def test_the_clock_stands_with_the_dispatcher_and_ends_at_completion(state: State) -> None:
    assert an_order(state).timers == ()
    assert an_order(State.SENT_BACK).timers


def test_a_number_is_the_business_date_in_china_and_six_digits() -> None:
    midnight = at(28, 0, 30)

    assert order_number(midnight, 131) == "260228-000131"
    assert order_number(FRIDAY, 1_000_042) == "260227-000042"
