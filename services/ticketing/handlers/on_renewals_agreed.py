"""Customers agreed by telephone: orders for their home counties' branches (TK-01, TK-07)."""

from collections.abc import Sequence

from services.ticketing.domain.dispatch import Dispatch, department_of, order_id_of
from services.ticketing.domain.order import Brief, Work, order_number
from services.ticketing.domain.states import OrderType
from services.ticketing.handlers.dispatch import Opening, dispatch
from services.ticketing.store.beginnings import Wanted
from shared.database import UnitOfWork
from shared.events.callcenter import RenewalAgreed


async def on_renewals_agreed(told: Sequence[RenewalAgreed], uow: UnitOfWork) -> None:
    """Dispatch, unless an agreement has its order, or was withdrawn before it was told."""
    await dispatch([(_wanted(agreed), agreed) for agreed in told], _renewal, uow)


def _wanted(agreed: RenewalAgreed) -> Wanted:
    order_id = order_id_of(str(agreed.agreement_id))
    return Wanted(order_id, agreed.customer_id, agreed.agreement_id)


def _renewal(agreed: RenewalAgreed, opening: Opening) -> Dispatch:
    home = opening.customer.county if opening.customer else agreed.county
    brief = Brief(
        order_id=order_id_of(str(agreed.agreement_id)),
        number=order_number(agreed.at, opening.serial),
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
    return Dispatch(brief, county=home, started_at=agreed.agreed_at, work=Work())
