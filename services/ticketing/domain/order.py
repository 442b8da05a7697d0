"""A work order: what was asked for, and how far it has come. `version` counts its history."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.ticketing.domain.deadlines import Deadline, Timer, TimerKind, timers_of
from services.ticketing.domain.states import (
    OPEN,
    Act,
    OrderType,
    Result,
    Stage,
    State,
)
from shared.events.customers import Tier
from shared.events.event import CustomerEvent
from shared.working_calendar import ZONE

NUMBER_DIGITS = 6


@dataclass(frozen=True)
class Brief:
    """What was asked for; it never changes.

    `cause` is the agreement's id or the counter's request id: what callcenter knows it by.
    """

    order_id: UUID
    number: str
    customer_id: int
    order_type: OrderType
    cause: str
    cause_event: UUID
    copy_to: str
    tier: Tier
    priority: int
    dispatched_at: datetime
    manager: str | None = None
    offer: str | None = None
    task_id: UUID | None = None
    store: str | None = None


@dataclass(frozen=True)
class Work:
    """Who did what so far. `first_receiver` stays responsible until it is closed (TK-15)."""

    first_receiver: str | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    return_reason: str | None = None
    completed_by: str | None = None
    completed_at: datetime | None = None
    answerable: str | None = None  # the county's retention owner, who reports the result (TK-03)
    result: Result | None = None
    lost_reason: str | None = None
    leaving_reason: str | None = None
    handler: str | None = None  # who stands at the counter (TK-09)
    opened_by: str | None = None
    opened_at: datetime | None = None
    verified_by: str | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True)
class OrderClock:
    """The present deadline and how far it has run out; `breached_at` is the first breach ever."""

    deadline: Deadline
    stage: Stage = Stage.ON_TIME
    paused_at: datetime | None = None
    breached_at: datetime | None = None
    escalation_level: int = 0


@dataclass(frozen=True)
class Order:
    brief: Brief
    county: str
    state: State
    clock: OrderClock
    moved_at: datetime
    work: Work = field(default_factory=Work)
    version: int = 1

    @property
    def order_id(self) -> UUID:
        return self.brief.order_id

    @property
    def due_at(self) -> datetime:
        return self.clock.deadline.due_at

    @property
    def timers(self) -> tuple[Timer, ...]:
        """What its deadline will still bring about; none while the clock stands or has ended."""
        if self.state not in OPEN or self.clock.paused_at is not None:
            return ()
        timers = timers_of(self.clock.deadline)
        return tuple(timer for timer in timers if _STAGE_AFTER[timer.kind] > self.clock.stage)


_STAGE_AFTER = {
    TimerKind.WARN: Stage.WARNED,
    TimerKind.BREACH: Stage.BREACHED,
    TimerKind.ESCALATE: Stage.ESCALATED,
}


@dataclass(frozen=True)
class Move:
    """One step of an order's history: the order as it stands after it, and what was said.

    `told` are the facts that leave with it.
    """

    order: Order
    act: Act
    actor: str
    at: datetime
    from_state: State | None
    note: str | None = None
    reason: str | None = None
    told: tuple[type[CustomerEvent], ...] = ()


def stepped(order: Order, at: datetime) -> Order:
    """The order one version later; a fact that comes late turns no clock back."""
    return replace(order, version=order.version + 1, moved_at=max(order.moved_at, at))


def order_number(at: datetime, serial: int) -> str:
    """Yymmdd of the business dispatch date, hyphen, six digits of a sequence (contracts §4)."""
    return f"{at.astimezone(ZONE):%y%m%d}-{serial % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}d}"


def noted(order: Order, act: Act, at: datetime, *, actor: str, reason: str | None = None) -> Move:
    """A step that changes no state: something is known that was not known before."""
    return Move(stepped(order, at), act, actor, at, order.state, reason=reason)
