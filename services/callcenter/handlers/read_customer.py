"""Somebody opens a customer: everything that a call needs, in one answer (ux: the 360)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.callcenter.store import agreements, customers, tasks, view
from services.callcenter.store.agreements import Agreement, Contact
from services.callcenter.store.customers import Customer
from services.callcenter.store.tasks import Task
from services.callcenter.store.view import AtRisk, Bill, Budget, Episode, OrderSeen, Signal
from shared.database import UnitOfWork


@dataclass(frozen=True)
class CustomerView:
    """A customer from every side that callcenter knows."""

    customer: Customer
    budget: Budget
    episodes: Sequence[Episode]
    at_risk: AtRisk | None
    bills: Sequence[Bill]
    orders: Sequence[OrderSeen]
    signals: Sequence[Signal]
    tasks: Sequence[Task]
    contacts: Sequence[Contact]
    agreements: Sequence[Agreement]


async def read_customer(customer_id: int, uow: UnitOfWork) -> CustomerView:
    """The customer as of now.

    Raises:
        NotFound: the caller may see no such customer.
    """
    connection = uow.connection
    return CustomerView(
        customer=await customers.visible(connection, customer_id),
        budget=await view.budget_of(connection, customer_id),
        episodes=await view.episodes_of(connection, customer_id),
        at_risk=await view.at_risk_of(connection, customer_id),
        bills=await view.bills_of(connection, customer_id),
        orders=await view.orders_of(connection, customer_id),
        signals=await view.signals_of(connection, customer_id),
        tasks=await tasks.of_customer(connection, customer_id, view.ROWS_MAX),
        contacts=await agreements.contacts_of(connection, customer_id, view.ROWS_MAX),
        agreements=await agreements.of_customer(connection, customer_id, view.ROWS_MAX),
    )
