"""Somebody does something to an order: load, decide by its table, keep, tell."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.ticketing.domain.acting import NotNow, Surroundings, Unchanged, decide_act
from services.ticketing.domain.checks import Asked, Unmet
from services.ticketing.domain.follow_up import proposed
from services.ticketing.domain.order import Move, Order
from services.ticketing.domain.states import ReturnReason
from services.ticketing.handlers.record import after, record, settle
from services.ticketing.handlers.refusals import UnknownCounty, WrongState, refusal_of
from services.ticketing.handlers.tell import Cause, Caused, contact_proposed
from services.ticketing.store import (
    calendars,
    follow_ups,
    guards,
    history,
    orders,
    organisation,
)
from services.ticketing.store.history import Step
from shared.database import UnitOfWork
from shared.errors import NotFound, PreconditionFailed

HAPPENED_MAX = 5  # steps that a refusal names


@dataclass(frozen=True)
class Request:
    """An act that was asked for; `require` judges the order's version once it is locked."""

    order_id: UUID
    asked: Asked
    require: Callable[[int], None]
    organisation: str
    cause: Cause


async def act_on_order(request: Request, uow: UnitOfWork) -> Order:
    """The order as it stands afterwards.

    Raises:
        NotFound: the caller may see no such order.
        PreconditionFailed: the caller had seen an older version; says what happened since.
        WrongState: the state does not know the act; says what happened last.
        Refusal: a check does not hold (refusals.py).
    """
    held = await orders.lock(uow.connection, [request.order_id])
    if not held:
        raise NotFound(f"No order {request.order_id}")
    [order] = held
    await _require_seen(request, order, uow)
    steps = settle(order, request.asked.at)
    around = await _surroundings(request, order, uow)
    match decide_act(after(steps, order), request.asked, around):
        case Unchanged(same):
            return same
        case NotNow(state, act):
            happened = await _happened(order, uow)
            raise WrongState(f"It is {state} and cannot be asked to {act}", members=happened)
        case Unmet() as failed:
            raise refusal_of(failed, await _happened(order, uow))
        case Move() as move:
            if move.order.clock.deadline != order.clock.deadline:
                await calendars.register(uow.connection, move.at)
            await record([*steps, Caused(move, request.cause)], uow)
            await _follow_up(move, request, uow)
            return move.order


async def _require_seen(request: Request, order: Order, uow: UnitOfWork) -> None:
    try:
        request.require(order.version)
    except PreconditionFailed as stale:
        raise PreconditionFailed(stale.detail, members=await _happened(order, uow)) from stale


async def _happened(order: Order, uow: UnitOfWork) -> dict[str, object]:
    """What a refusal tells of an order: where it stands and who brought it there."""
    newest = order.version - HAPPENED_MAX
    steps = await history.steps_of(uow.connection, order.order_id, after=max(newest, 0))
    return {
        "state": order.state,
        "version": order.version,
        "happened": [_told(step) for step in steps],
    }


def _told(step: Step) -> dict[str, object]:
    return {
        "version": step.version,
        "act": step.act,
        "actor": step.actor,
        "at": step.at.isoformat(),
        "reason": step.reason,
    }


async def _surroundings(request: Request, order: Order, uow: UnitOfWork) -> Surroundings:
    """What the decision goes by, in the county that the order will lie with."""
    wanted = request.asked.said.county
    county = await organisation.county(uow.connection, wanted or order.county)
    if wanted and (county is None or not wanted.startswith(request.organisation)):
        raise UnknownCounty(f"No county {wanted} that you may dispatch to")
    return Surroundings(
        calendar=calendars.calendar_of(wanted or order.county),
        guard=await guards.read(uow.connection, order.brief.customer_id),
        retention_owner=county.retention_owner if county else None,
    )


async def _follow_up(move: Move, request: Request, uow: UnitOfWork) -> None:
    """What a branch lacks, the customer may know: propose a call (contracts §5)."""
    if request.asked.said.return_reason is not ReturnReason.NEED_INFORMATION:
        return
    follow_up = proposed(request.cause.id, move.order.order_id, move.at)
    await follow_ups.insert(uow.connection, follow_up)
    uow.emit(contact_proposed(follow_up, move.order, request.cause))
