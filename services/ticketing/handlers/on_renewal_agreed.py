"""A customer agreed by telephone: an order for the home county's branch (TK-01, TK-07)."""

from services.ticketing.domain.dispatch import Dispatch, department_of, order_id_of
from services.ticketing.domain.order import Brief, Work, order_number
from services.ticketing.domain.states import OrderType
from services.ticketing.handlers.dispatch import dispatch
from services.ticketing.handlers.tell import Cause
from services.ticketing.store import beginnings, guards
from shared.database import UnitOfWork
from shared.events.callcenter import RenewalAgreed


async def on_renewal_agreed(agreed: RenewalAgreed, uow: UnitOfWork) -> None:
    """Dispatch, unless the agreement has its order, or was withdrawn before it was told."""
    guard = await guards.lock(uow.connection, agreed.customer_id)
    ground = await beginnings.ground(
        uow.connection,
        order_id_of(str(agreed.agreement_id)),
        agreed.customer_id,
        agreement=agreed.agreement_id,
    )
    if ground.serial is None:
        return
    home = ground.customer.county if ground.customer else agreed.county
    brief = _brief(agreed, home, order_number(agreed.at, ground.serial))
    # The clock starts when the customer agreed, whenever that was told (TK-02).
    begun = Dispatch(brief, county=home, started_at=agreed.agreed_at, work=Work())
    await dispatch(begun, guard, Cause(str(agreed.event_id), agreed.event_type), uow)


def _brief(agreed: RenewalAgreed, home: str, number: str) -> Brief:
    return Brief(
        order_id=order_id_of(str(agreed.agreement_id)),
        number=number,
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
