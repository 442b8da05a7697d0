"""The customer took an agreement back: its order ends, if nobody has begun with it."""

from services.ticketing.domain.acting import Surroundings, decide_act
from services.ticketing.domain.checks import Asked, Said
from services.ticketing.domain.dispatch import order_id_of
from services.ticketing.domain.order import Move
from services.ticketing.domain.states import Act
from services.ticketing.domain.timing import SYSTEM
from services.ticketing.handlers.record import after, record, settle
from services.ticketing.handlers.tell import Cause, Caused
from services.ticketing.store import agreements, calendars, orders
from shared.database import UnitOfWork
from shared.events.callcenter import AgreementWithdrawn


async def on_agreement_withdrawn(withdrawn: AgreementWithdrawn, uow: UnitOfWork) -> None:
    """A new order is cancelled; one that is worked on learns of it; one to come never begins."""
    await agreements.withdraw(
        uow.connection,
        withdrawn.agreement_id,
        customer_id=withdrawn.customer_id,
        at=withdrawn.at,
    )
    order_id = order_id_of(str(withdrawn.agreement_id))
    for order in await orders.lock(uow.connection, [order_id]):
        steps = settle(order, withdrawn.at)
        asked = Asked(Act.AGREEMENT_WITHDRAWN, SYSTEM, withdrawn.at, Said())
        around = Surroundings(calendar=calendars.calendar_of(order.county))
        decided = decide_act(after(steps, order), asked, around)
        if isinstance(decided, Move):
            cause = Cause(str(withdrawn.event_id), withdrawn.event_type)
            steps.append(Caused(decided, cause))
        await record(steps, uow)
