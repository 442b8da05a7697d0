"""callcenter answered a proposal of ours: keep the answer and write it into the history."""

from services.ticketing.domain.follow_up import FollowUp
from services.ticketing.domain.order import noted
from services.ticketing.domain.states import Act
from services.ticketing.handlers.record import after, record, settle
from services.ticketing.handlers.tell import Cause, Caused
from services.ticketing.store import follow_ups, orders
from shared.database import UnitOfWork
from shared.events.callcenter import ContactDeclined, ContactGranted, ContactReplaced

CALLCENTER = "callcenter"


async def note_answer(
    answered: FollowUp,
    act: Act,
    told: ContactGranted | ContactDeclined | ContactReplaced,
    uow: UnitOfWork,
    *,
    reason: str | None = None,
) -> None:
    """The order's row is locked first, as everywhere, then the proposal's."""
    for order in await orders.lock(uow.connection, [answered.order_id]):
        steps = settle(order, told.at)
        step = noted(after(steps, order), act, told.at, actor=CALLCENTER, reason=reason)
        cause = Cause(str(told.event_id), told.event_type)
        await follow_ups.update(uow.connection, answered)
        await record([*steps, Caused(step, cause)], uow)
