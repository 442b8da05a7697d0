"""Somebody opens an order: what was asked, its history, why it is due then (TK-22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.ticketing.domain.acting import acts_offered
from services.ticketing.domain.follow_up import FollowUp
from services.ticketing.domain.guard import Guard
from services.ticketing.domain.order import Order
from services.ticketing.domain.states import Act
from services.ticketing.store import customers, follow_ups, guards, history, orders
from services.ticketing.store.history import Step
from shared.database import UnitOfWork
from shared.errors import NotFound


@dataclass(frozen=True)
class Sheet:
    """An order with all that its page shows; `owner` is whose the customer is now."""

    order: Order
    acts: Sequence[Act]
    history: Sequence[Step]
    follow_up: FollowUp | None
    guard: Guard
    owner: str | None


async def read_order(order_id: UUID, by: str, uow: UnitOfWork) -> Sheet:
    """The order as it stands, and what `by` could do with it.

    Raises:
        NotFound: the caller may see no such order.
    """
    order = await orders.find(uow.connection, order_id)
    if order is None:
        raise NotFound(f"No order {order_id}")
    customer = await customers.find(uow.connection, order.brief.customer_id)
    guard = await guards.read(uow.connection, order.brief.customer_id)
    return Sheet(
        order=order,
        acts=acts_offered(order, by, guard),
        history=await history.steps_of(uow.connection, order_id),
        follow_up=await follow_ups.newest_of(uow.connection, order_id),
        guard=guard,
        owner=customer.manager if customer else None,
    )
