"""Who may do what to an order when, and what stays of it."""

from dataclasses import replace

import pytest
from order_facts import AROUND, FRIDAY, LOST, an_order, asked, at

from services.ticketing.domain.acting import Surroundings, decide_act
from services.ticketing.domain.checks import Asked, Said, Unmet
from services.ticketing.domain.guard import Guard
from services.ticketing.domain.lost_reasons import LostReason
from services.ticketing.domain.order import Move, Order
from services.ticketing.domain.states import Act, OrderType, Result, State


def moved(order: Order, doing: Asked, around: Surroundings = AROUND) -> Order:
    decided = decide_act(order, doing, around)
    assert isinstance(decided, Move)
    return decided.order


def refused(order: Order, doing: Asked, around: Surroundings = AROUND) -> str:
    decided = decide_act(order, doing, around)
    assert isinstance(decided, Unmet)
    assert decided.advice
    return decided.slug


@pytest.mark.requirement("TK-15")
def test_who_accepts_first_stays_responsible_however_often_it_comes_back() -> None:
    first = moved(an_order(), asked(Act.ACCEPT, by="li"))
    back = moved(moved(first, asked(Act.COMPLETE, by="li")), asked(Act.SEND_BACK, by="chen"))

    second = moved(back, asked(Act.ACCEPT, by="wang"))

    assert (second.work.first_receiver, second.work.accepted_by) == ("li", "wang")


@pytest.mark.requirement("TK-04")
def test_who_completed_an_order_cannot_verify_it() -> None:
    done = moved(an_order(State.IN_PROGRESS), asked(Act.COMPLETE, by="chen"))

    assert refused(done, asked(Act.VERIFY, by="chen")) == "own-work"
    assert moved(done, asked(Act.VERIFY, by="zhao")).state is State.VERIFIED_SAVED


@pytest.mark.requirement("TK-12")
def test_a_lost_order_needs_a_reason_and_other_needs_a_note() -> None:
    order = an_order(State.IN_PROGRESS)
    other = Said(result=Result.LOST, lost_reason=LostReason.OTHER)

    def complete(said: Said) -> Asked:
        return asked(Act.COMPLETE, said=said)

    assert refused(order, complete(Said(result=Result.LOST))) == "lost-reason-missing"
    assert refused(order, complete(other)) == "note-missing"
    assert moved(order, complete(replace(other, note="moved abroad"))).work.lost_reason == "other"


@pytest.mark.requirement("TK-04")
def test_a_lost_order_is_verified_as_lost_with_its_reason() -> None:
    done = moved(an_order(State.IN_PROGRESS), asked(Act.COMPLETE, by="li", said=LOST))

    verified = moved(done, asked(Act.VERIFY, by="chen"))

    assert verified.state is State.VERIFIED_LOST
    assert verified.work.lost_reason == "other_network"


@pytest.mark.requirement("TK-03")
def test_a_completion_names_the_retention_owner_who_reports_it() -> None:
    done = moved(an_order(State.IN_PROGRESS), asked(Act.COMPLETE, by="li"))

    assert done.work.answerable == "owner-990101"


def test_a_completion_is_withdrawn_until_the_dispatcher_opened_it() -> None:
    done = moved(an_order(State.IN_PROGRESS), asked(Act.COMPLETE, by="li"))
    opened = moved(done, asked(Act.OPEN, by="chen"))

    back = moved(done, asked(Act.WITHDRAW, by="li"))

    assert (back.state, back.work.result, back.work.completed_by) == (
        State.IN_PROGRESS,
        None,
        None,
    )
    assert refused(opened, asked(Act.WITHDRAW, by="li")) == "already-opened"


@pytest.mark.requirement("TK-09")
def test_at_a_counter_leaving_reason_and_handler_come_before_completion() -> None:
    order = an_order(State.IN_PROGRESS, OrderType.COUNTER_RETENTION)
    unknown = replace(order, work=replace(order.work, leaving_reason=None, handler=None))
    only_reason = Said(result=Result.SAVED, leaving_reason="tariff")

    assert refused(unknown, asked(Act.COMPLETE)) == "leaving-details-missing"
    assert refused(unknown, asked(Act.COMPLETE, said=only_reason)) == "leaving-details-missing"
    both = asked(Act.COMPLETE, said=replace(only_reason, handler="holder"))
    assert moved(unknown, both).work.handler == "holder"
    assert moved(order, asked(Act.COMPLETE)).state is State.TO_VERIFY


@pytest.mark.requirement("XC-20")
@pytest.mark.parametrize(
    ("state", "act"),
    [
        (State.NEW, Act.ACCEPT),
        (State.WAITING_DISPATCHER, Act.ANSWER),
        (State.WAITING_DISPATCHER, Act.REDISPATCH),
        (State.TO_VERIFY, Act.WITHDRAW),
        (State.TO_VERIFY, Act.SEND_BACK),
        (State.VERIFIED_LOST, Act.REOPEN),
    ],
)
def test_after_a_portability_application_nothing_begins_again(state: State, act: Act) -> None:
    applied = replace(AROUND, guard=Guard(portability_applied=True, portability_at=FRIDAY))
    doing = asked(act, by="chen")

    assert refused(an_order(state), doing, applied) == "portability-applied"
    assert moved(an_order(state), doing)


def test_a_pause_adds_the_working_time_that_stood_still() -> None:
    returned = moved(an_order(State.IN_PROGRESS), asked(Act.RETURN, at=at(27, 16)))
    assert returned.timers == ()

    answered = moved(returned, asked(Act.ANSWER, by="chen", at=at(28, 10)))

    # Friday 16 to 18 and Saturday 9 to 10: Saturday 18:00 becomes Monday 12:00.
    assert answered.due_at == at(2, 12, month=3)
    [pause] = answered.clock.deadline.pauses
    assert (pause.working_seconds, pause.due_before) == (3 * 3600, at(28, 18))
    assert answered.clock.paused_at is None


def test_a_redispatch_takes_the_order_to_another_county_with_a_new_deadline() -> None:
    waiting = an_order(State.WAITING_DISPATCHER)
    doing = asked(Act.REDISPATCH, by="chen", at=at(28, 10), said=Said(county="990103"))

    order = moved(waiting, doing)

    assert (order.state, order.county, order.due_at) == (
        State.NEW,
        "990103",
        at(2, 18, month=3),
    )
    assert order.clock.deadline.calendar_unit == "990103"
    assert order.clock.paused_at is None


def test_an_order_sent_back_has_a_new_deadline_and_remembers_the_broken_one() -> None:
    order = an_order(State.TO_VERIFY)
    late = replace(order, clock=replace(order.clock, breached_at=at(28, 18), escalation_level=2))

    back = moved(late, asked(Act.SEND_BACK, by="chen", at=at(2, 11, month=3)))

    assert back.due_at == at(3, 18, month=3)
    assert (back.clock.stage, back.clock.breached_at) == (0, at(28, 18))
    assert back.work.result is None
