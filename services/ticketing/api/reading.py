"""What may be read of work orders: the queue, one order, the reasons of losses, figures."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from services.ticketing.api.routes import router
from services.ticketing.api.shapes import (
    CountShown,
    FiguresShown,
    LostReasonShown,
    OrderSheet,
    OrderShown,
    Place,
    order_shown,
    sheet_shown,
)
from services.ticketing.domain.states import Act, OrderType, State
from services.ticketing.handlers.read_figures import read_figures as figures_now
from services.ticketing.handlers.read_lost_reasons import read_lost_reasons as reasons_known
from services.ticketing.handlers.read_order import read_order as sheet_of
from services.ticketing.handlers.read_orders import read_orders as queue_of
from services.ticketing.store import queue
from services.ticketing.store.queue import Wanted
from shared.errors import NotFound
from shared.identity import Role
from shared.policy import POLICY
from shared.web.access import Admitted
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.preconditions import etag_of
from shared.web.transaction import Transaction

_OPERATION_OF: Mapping[Act, str] = {
    Act.ACCEPT: "acceptOrder",
    Act.RETURN: "returnOrder",
    Act.ANSWER: "answerOrder",
    Act.REDISPATCH: "redispatchOrder",
    Act.COMPLETE: "completeOrder",
    Act.WITHDRAW: "withdrawCompletion",
    Act.OPEN: "openOrder",
    Act.VERIFY: "verifyOrder",
    Act.SEND_BACK: "sendBackOrder",
    Act.REOPEN: "reopenOrder",
    Act.CANCEL: "cancelOrder",
}


def permitted_to(roles: frozenset[Role], acts: Sequence[Act]) -> list[Act]:
    """Of these acts those that one of the roles may do: what a page has buttons for."""
    allowed = POLICY["ticketing"]
    return [
        act
        for act in acts
        if act in _OPERATION_OF and roles.intersection(allowed[_OPERATION_OF[act]])
    ]


def _wanted(
    *,
    state: Annotated[
        list[State] | None, Query(max_length=len(State), description="Any of these")
    ] = None,
    order_type: OrderType | None = None,
    county: Annotated[str | None, Query(pattern="^[0-9]{6}$")] = None,
    cause: Annotated[
        str | None,
        Query(pattern="^[!-~]{1,64}$", description="An agreement's id, or a request's"),
    ] = None,
    breached: Annotated[
        bool | None, Query(description="Whether a deadline was ever missed")
    ] = None,
    number: Annotated[
        str | None, Query(pattern="^[0-9]{6}-[0-9]{6}$", description="As people name it")
    ] = None,
) -> Wanted:
    return Wanted(tuple(state or ()), order_type, county, cause, breached, number)


Filters = Annotated[Wanted, Depends(_wanted)]


@router.get("/orders")
async def read_orders(
    wanted: Filters, uow: Transaction, *, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[OrderShown]:
    """The queue: the nearest deadline first, then the more valuable customer."""
    after = position_in(cursor, Place)
    place = queue.Place(after.due_at, after.tier_rank, after.number) if after else None
    found = await queue_of(wanted, uow, after=place, rows=limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    return Page(
        items=[order_shown(queued.order) for queued in shown],
        next_cursor=cursor_of(Place(**vars(shown[-1].place))) if more else None,
    )


@router.get("/orders/{order_id}", responses=refusals(NotFound))
async def read_order(
    order_id: UUID, admission: Admitted, *, uow: Transaction, response: Response
) -> OrderSheet:
    sheet = await sheet_of(order_id, admission.caller.subject, uow)
    response.headers["ETag"] = etag_of(sheet.order.version)
    return sheet_shown(sheet, permitted_to(admission.caller.roles, sheet.acts))


@router.get("/lost-reasons")
async def read_lost_reasons(uow: Transaction) -> list[LostReasonShown]:
    return [LostReasonShown.model_validate(reason) for reason in await reasons_known(uow)]


@router.get("/figures")
async def read_figures(uow: Transaction) -> FiguresShown:
    figures = await figures_now(uow)
    by_state = dict.fromkeys(State, 0)
    for count in figures.counts:
        by_state[State(count.state)] += count.orders
    return FiguresShown(
        by_state={state.value: orders for state, orders in by_state.items()},
        orders=sum(count.orders for count in figures.counts),
        breached=sum(count.breached for count in figures.counts),
        escalated=sum(count.escalated for count in figures.counts),
        escalated_twice=sum(count.escalated_twice for count in figures.counts),
        lost_by_reason=figures.lost_by_reason,
        median_seconds_to_completion=figures.median_seconds_to_completion,
        median_seconds_to_verification=figures.median_seconds_to_verification,
        counts=[CountShown.model_validate(count) for count in figures.counts],
    )
