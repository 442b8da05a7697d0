"""Deadlines fall due: warnings, breaches, escalations, second proposals (TK-02, TK-16)."""

from collections.abc import Sequence
from datetime import datetime

from services.ticketing.domain.follow_up import proposed_again
from services.ticketing.domain.order import Order, noted
from services.ticketing.domain.states import Act, State
from services.ticketing.domain.timing import SYSTEM
from services.ticketing.handlers.record import after, record, settle
from services.ticketing.handlers.tell import Cause, Caused, contact_proposed
from services.ticketing.store import deadlines, follow_ups, orders
from services.ticketing.store.deadlines import PROPOSE_AGAIN, Due
from shared.database import UnitOfWork

CHUNK = 50  # orders: four statements each, a fraction of a transaction's two seconds


async def poll_deadlines(now: datetime, uow: UnitOfWork) -> int:
    """Let what is due happen, each at its own time; how many rows there were."""
    held = await deadlines.lock_due_orders(uow.connection, now, most=CHUNK)
    if not held:
        return 0
    due = await deadlines.due_rows(uow.connection, held, now)
    again = {row.order_id: row for row in due if row.kind == PROPOSE_AGAIN}
    steps: list[Caused] = []
    for order in await orders.lock(uow.connection, held):
        own = settle(order, now)
        if order.order_id in again:
            own += await _propose_again(after(own, order), again[order.order_id], uow)
        if not own:
            # Due by a row that the order's clock knows nothing of: it must not be due for ever.
            await deadlines.replace(uow.connection, [order])
        steps += own
    await record(steps, uow)
    return len(due)


async def _propose_again(order: Order, due: Due, uow: UnitOfWork) -> Sequence[Caused]:
    """The second attempt, if the order still waits for what the customer knows.

    An order that was answered and returned again has another proposal, whose answer is awaited.
    """
    await deadlines.propose_again_at(uow.connection, order.order_id, None)
    follow_up = await follow_ups.newest_of(uow.connection, order.order_id)
    if order.state is not State.WAITING_DISPATCHER:
        return ()
    if follow_up is None or follow_up.again_at != due.due_at:
        return ()
    again = proposed_again(follow_up, due.due_at)
    cause = Cause(f"{order.order_id}/{due.kind}/{due.due_at.isoformat()}", f"deadline.{due.kind}")
    await follow_ups.update(uow.connection, again)
    uow.emit(contact_proposed(again, order, cause))
    return (Caused(noted(order, Act.CONTACT_PROPOSED, due.due_at, actor=SYSTEM), cause),)
