"""Somebody does something to an order: the one decision, by the transition tables alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from services.ticketing.domain.checks import SAID_WITH, Asked, Said, Unmet, unmet
from services.ticketing.domain.deadlines import due_by, extended
from services.ticketing.domain.guard import UNGUARDED, Guard
from services.ticketing.domain.order import Move, Order, OrderClock, Work, stepped
from services.ticketing.domain.states import BY_PERSONS, Act, ClockEffect, State
from services.ticketing.domain.transitions import TABLES, Transition, transition
from shared.working_calendar import WorkingCalendar


@dataclass(frozen=True)
class NotNow:
    """The state does not know this act."""

    state: State
    act: Act


@dataclass(frozen=True)
class Unchanged:
    """It was so already: nothing moves, and that is no fault."""

    order: Order


@dataclass(frozen=True)
class Surroundings:
    """What a decision goes by beside the order: the county's calendar and who reports for it."""

    calendar: WorkingCalendar
    guard: Guard = UNGUARDED
    retention_owner: str | None = None


def decide_act(
    order: Order, asked: Asked, around: Surroundings
) -> Move | Unchanged | NotNow | Unmet:
    """What an act makes of an order; `around` is that of the county it will lie with."""
    row = transition(order.brief.order_type, order.state, asked.act, result=order.work.result)
    if row is None:
        return NotNow(order.state, asked.act)
    failed = unmet(row.checks, order, asked, guard=around.guard)
    if failed is not None:
        return failed
    if asked.act is Act.OPEN and order.work.opened_at is not None:
        return Unchanged(order)
    return _moved(order, asked, row=row, around=around)


def acts_offered(order: Order, by: str, guard: Guard) -> tuple[Act, ...]:
    """What this person could do now, as far as it does not depend on what they will say."""
    asked = Asked(Act.OPEN, by, order.moved_at, Said())
    offered = [
        row.act
        for row in TABLES[order.brief.order_type]
        if row.source is order.state
        and row.act in BY_PERSONS
        and row.result in (None, order.work.result)
        and unmet(tuple(set(row.checks) - SAID_WITH), order, asked, guard=guard) is None
    ]
    return tuple(dict.fromkeys(offered))


def _moved(order: Order, asked: Asked, *, row: Transition, around: Surroundings) -> Move:
    said = asked.said
    county = said.county or order.county
    after = replace(
        stepped(order, asked.at),
        state=row.target,
        county=county,
        clock=_CLOCK_BY[row.clock](order, asked, county, around),
        work=_work_after(order.work, asked, around),
    )
    reason = said.return_reason or said.cancel_reason or said.lost_reason
    told = (row.told,) if row.told else ()
    return Move(
        after, asked.act, asked.by, asked.at, order.state, note=said.note, reason=reason, told=told
    )


def _work_after(work: Work, asked: Asked, around: Surroundings) -> Work:
    change = _WORK_BY.get(asked.act)
    return work if change is None else change(work, asked, around)


def _accepted(work: Work, asked: Asked, _around: Surroundings) -> Work:
    first = work.first_receiver or asked.by
    return replace(work, first_receiver=first, accepted_by=asked.by, accepted_at=asked.at)


def _returned(work: Work, asked: Asked, _around: Surroundings) -> Work:
    return replace(work, return_reason=asked.said.return_reason)


def _back_at_branch(work: Work, _asked: Asked, _around: Surroundings) -> Work:
    return replace(work, return_reason=None)


def _completed(work: Work, asked: Asked, around: Surroundings) -> Work:
    said = asked.said
    return replace(
        work,
        completed_by=asked.by,
        completed_at=asked.at,
        answerable=around.retention_owner,
        result=said.result,
        lost_reason=said.lost_reason,
        leaving_reason=work.leaving_reason or said.leaving_reason,
        handler=work.handler or said.handler,
    )


def _undone(work: Work, _asked: Asked, _around: Surroundings) -> Work:
    """The result does not stand any more, nor what the dispatcher did with it."""
    return replace(
        work,
        completed_by=None,
        completed_at=None,
        answerable=None,
        result=None,
        lost_reason=None,
        opened_by=None,
        opened_at=None,
        verified_by=None,
        verified_at=None,
    )


def _opened(work: Work, asked: Asked, _around: Surroundings) -> Work:
    return replace(work, opened_by=asked.by, opened_at=asked.at)


def _verified(work: Work, asked: Asked, _around: Surroundings) -> Work:
    return replace(work, verified_by=asked.by, verified_at=asked.at)


_WORK_BY: Mapping[Act, Callable[[Work, Asked, Surroundings], Work]] = {
    Act.ACCEPT: _accepted,
    Act.RETURN: _returned,
    Act.ANSWER: _back_at_branch,
    Act.REDISPATCH: _back_at_branch,
    Act.COMPLETE: _completed,
    Act.WITHDRAW: _undone,
    Act.OPEN: _opened,
    Act.VERIFY: _verified,
    Act.SEND_BACK: _undone,
    Act.REOPEN: _undone,
}


def _kept(order: Order, _asked: Asked, _county: str, _around: Surroundings) -> OrderClock:
    return order.clock


def _paused(order: Order, asked: Asked, _county: str, _around: Surroundings) -> OrderClock:
    return replace(order.clock, paused_at=asked.at)


def _resumed(order: Order, asked: Asked, _county: str, around: Surroundings) -> OrderClock:
    begun = order.clock.paused_at or asked.at
    deadline = extended(order.clock.deadline, begun, asked.at, calendar=around.calendar)
    return replace(order.clock, paused_at=None, deadline=deadline)


def _restarted(order: Order, asked: Asked, county: str, around: Surroundings) -> OrderClock:
    policy = order.clock.deadline.policy
    return OrderClock(
        due_by(policy, asked.at, calendar=around.calendar, unit=county),
        breached_at=order.clock.breached_at,
        escalation_level=order.clock.escalation_level,
    )


_CLOCK_BY: Mapping[ClockEffect, Callable[[Order, Asked, str, Surroundings], OrderClock]] = {
    ClockEffect.KEEP: _kept,
    ClockEffect.PAUSE: _paused,
    ClockEffect.RESUME: _resumed,
    ClockEffect.RESTART: _restarted,
    ClockEffect.END: _kept,
}
