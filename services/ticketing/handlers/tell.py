"""What ticketing tells of an order's steps: facts numbered by the order's version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.ticketing.domain.deadlines import Timer
from services.ticketing.domain.follow_up import REASON, FollowUp, priority_of
from services.ticketing.domain.order import Move, Order
from services.ticketing.domain.states import Act
from shared.events.event import CustomerEvent, effect_id
from shared.events.ticketing import (
    DeadlineBreached,
    Escalated,
    TicketingContactProposed,
    WorkOrderDispatched,
)


@dataclass(frozen=True)
class Cause:
    """Who or what moved an order: a fact, a request, or a timer that ran out."""

    id: str
    type: str


@dataclass(frozen=True)
class Caused:
    """A step and its cause; `number` tells the orders apart that one cause moved."""

    move: Move
    cause: Cause
    number: int = 0


def timer_cause(order: Order, timer: Timer) -> Cause:
    """The same timer has the same effects, whoever notices it first."""
    due_at = timer.due_at.astimezone(UTC).isoformat()
    return Cause(f"{order.order_id}/{timer.kind}/{due_at}", f"deadline.{timer.kind}")


def facts_of(step: Caused, owners: Mapping[str, str]) -> list[CustomerEvent]:
    """The facts of a step; `owners` names the retention owner of each county."""
    return [_fact(model, step, owners) for model in step.move.told]


def _fact(model: type[CustomerEvent], step: Caused, owners: Mapping[str, str]) -> CustomerEvent:
    move = step.move
    own = _OWN_FIELDS.get(model, _moved)(move, owners)
    event_id = effect_id(step.cause.id, model.event_type, step.number)
    head = _head(move.order, move.at, step.cause)
    return model.model_validate({**head, **own, "event_id": event_id})


def _head(order: Order, at: datetime, cause: Cause) -> dict[str, Any]:
    return {
        "subject": f"order/{order.order_id}",
        "sequence": order.version,
        "cause_id": cause.id,
        "cause_type": cause.type,
        "at": at,
        "customer_id": order.brief.customer_id,
        "county": order.county,
        "order_id": order.order_id,
    }


def _dispatched(move: Move, _owners: Mapping[str, str]) -> dict[str, Any]:
    order = move.order
    return {
        "number": order.brief.number,
        "order_type": order.brief.order_type,
        "cause": order.brief.cause,
        "copy_to": order.brief.copy_to,
        "due_at": order.due_at.astimezone(UTC),
        "policy": order.clock.deadline.policy,
        "calendar_version": order.clock.deadline.calendar_version,
    }


def _breached(move: Move, _owners: Mapping[str, str]) -> dict[str, Any]:
    return {"due_at": move.order.due_at.astimezone(UTC)}


def _escalated(move: Move, owners: Mapping[str, str]) -> dict[str, Any]:
    """First to the county's retention owner, then to the group department (TK-16)."""
    order = move.order
    if move.act is Act.ESCALATE:
        return {"level": 2, "to": order.brief.copy_to}
    return {"level": 1, "to": owners.get(order.county, order.county)}


def _moved(move: Move, _owners: Mapping[str, str]) -> dict[str, Any]:
    order = move.order
    return {
        "state": order.state,
        "actor": move.actor,
        "result": order.work.result,
        "lost_reason": order.work.lost_reason,
        "due_at": order.due_at.astimezone(UTC),
    }


_OWN_FIELDS: Mapping[type[CustomerEvent], Callable[[Move, Mapping[str, str]], dict[str, Any]]] = {
    WorkOrderDispatched: _dispatched,
    DeadlineBreached: _breached,
    Escalated: _escalated,
}


def contact_proposed(follow_up: FollowUp, order: Order, cause: Cause) -> TicketingContactProposed:
    """The branch lacks something that the customer knows: somebody should call."""
    head = _head(order, follow_up.proposed_at, cause)
    del head["order_id"]
    return TicketingContactProposed(
        **head,
        event_id=effect_id(cause.id, TicketingContactProposed.event_type),
        proposal_id=follow_up.proposal_id,
        attempt=follow_up.attempt,
        reason=REASON,
        about=f"order/{order.order_id}",
        priority=priority_of(order.brief.tier),
        valid_until=follow_up.valid_until,
        tier=order.brief.tier,
    )
