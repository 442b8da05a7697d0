"""A timer of an order ran out: warning, breach, escalation level by level (TK-02, TK-16)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from services.ticketing.domain.deadlines import Timer, TimerKind
from services.ticketing.domain.order import Move, Order, OrderClock, stepped
from services.ticketing.domain.states import Act, Stage
from shared.events.event import CustomerEvent
from shared.events.ticketing import DeadlineBreached, Escalated

SYSTEM = "system"  # who dispatches, warns and escalates

_ACT_OF: Mapping[TimerKind, Act] = {
    TimerKind.WARN: Act.WARN,
    TimerKind.BREACH: Act.BREACH,
    TimerKind.ESCALATE: Act.ESCALATE,
}

# A warning is read from the order; nobody outside acts on it.
_TOLD_BY: Mapping[TimerKind, tuple[type[CustomerEvent], ...]] = {
    TimerKind.WARN: (),
    TimerKind.BREACH: (DeadlineBreached, Escalated),
    TimerKind.ESCALATE: (Escalated,),
}


def due_timers(order: Order, now: datetime) -> tuple[Timer, ...]:
    """What should have happened to this order by now, the earliest first."""
    return tuple(timer for timer in order.timers if timer.due_at <= now)


def run_out(order: Order, timer: Timer) -> Move:
    """What a timer makes of an order.

    It happens at its due time, however late it is noticed, but never before what was done to the
    order already: a completion withdrawn after the deadline breaks it then.
    """
    at = max(timer.due_at, order.moved_at).astimezone(UTC)
    after = replace(stepped(order, at), clock=_run_on(order.clock, timer))
    told = _TOLD_BY[timer.kind]
    return Move(after, _ACT_OF[timer.kind], SYSTEM, at, order.state, told=told)


def _run_on(clock: OrderClock, timer: Timer) -> OrderClock:
    match timer.kind:
        case TimerKind.WARN:
            return replace(clock, stage=Stage.WARNED)
        case TimerKind.BREACH:
            return replace(
                clock,
                stage=Stage.BREACHED,
                breached_at=clock.breached_at or timer.due_at.astimezone(UTC),
                escalation_level=max(clock.escalation_level, 1),
            )
        case TimerKind.ESCALATE:
            return replace(clock, stage=Stage.ESCALATED, escalation_level=2)
