"""A customer agreed by telephone: an order for the home county's branch (TK-01, TK-07)."""

from services.ticketing.domain.dispatch import Dispatch, department_of, order_id_of
from services.ticketing.domain.order import Brief, Work, order_number
from services.ticketing.domain.states import OrderType
from services.ticketing.handlers.dispatch import dispatch
from services.ticketing.handlers.tell import Cause
from services.ticketing.store import agreements, customers, guards, orders
from shared.database import UnitOfWork
from shared.events.callcenter import RenewalAgreed


async def on_renewal_agreed(agreed: RenewalAgreed, uow: UnitOfWork) -> None:
    """Dispatch, unless the agreement has its order, or was withdrawn before it was told."""
    order_id = order_id_of(str(agreed.agreement_id))
    if await agreements.is_withdrawn(uow.connection, agreed.agreement_id):
        return
    if await orders.exists(uow.connection, order_id):
        return
    guard = await guards.lock(uow.connection, agreed.customer_id)
    customer = await customers.find(uow.connection, agreed.customer_id)
    home = customer.county if customer else agreed.county
    serial = await orders.next_serial(uow.connection)
    brief = Brief(
        order_id=order_id,
        number=order_number(agreed.at, serial),
        customer_id=agreed.customer_id,
        order_type=OrderType(agreed.order_type),
        cause=str(agreed.agreement_id),
        cause_event=agreed.event_id,
        copy_to=department_of(home),
        tier=agreed.tier,
        priority=agreed.priority,
        dispatched_at=agreed.at,
        manager=agreed.manager,
        offer=agreed.offer,
        task_id=agreed.task_id,
    )
    # The clock starts when the customer agreed, whenever that was told (TK-02).
    begun = Dispatch(brief, county=home, started_at=agreed.agreed_at, work=Work())
    await dispatch(begun, guard, Cause(str(agreed.event_id), agreed.event_type), uow)
