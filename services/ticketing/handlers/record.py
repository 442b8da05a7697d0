"""Keep what happened to orders: rows, history, deadlines, the facts and notices that leave."""

from collections.abc import Sequence
from datetime import datetime

from services.ticketing.domain.order import Order
from services.ticketing.domain.timing import due_timers, run_out
from services.ticketing.handlers.notify import notify
from services.ticketing.handlers.tell import Caused, facts_of, timer_cause
from services.ticketing.store import deadlines, history, orders, organisation
from shared import telemetry
from shared.database import UnitOfWork
from shared.events.ticketing import Escalated


async def record(steps: Sequence[Caused], uow: UnitOfWork) -> None:
    """Keep the steps of orders that are locked, in their order."""
    if not steps:
        return
    moves = [step.move for step in steps]
    newest = {move.order.order_id: move.order for move in moves}
    await orders.update(uow.connection, list(newest.values()))
    await deadlines.replace(uow.connection, list(newest.values()))
    await history.insert(uow.connection, moves)
    await tell(steps, uow)


async def tell(steps: Sequence[Caused], uow: UnitOfWork) -> None:
    """Let the facts of steps that were kept leave, and count them."""
    escalated = any(Escalated in step.move.told for step in steps)
    owners = await organisation.retention_owners(uow.connection) if escalated else {}
    for step in steps:
        for fact in facts_of(step, owners):
            uow.emit(fact)
    await notify(steps, uow)
    uow.after_commit(lambda: _count(steps))


def _count(steps: Sequence[Caused]) -> None:
    for step in steps:
        order_type = step.move.order.brief.order_type
        telemetry.ORDER_STEPS.labels(order_type=order_type, act=step.move.act).inc()


def settle(order: Order, now: datetime) -> list[Caused]:
    """What should have happened to the order by now, before anything else does.

    A poller that is late, and an act that comes in between, change nothing of what is recorded.
    """
    steps: list[Caused] = []
    for timer in due_timers(order, now):
        before = steps[-1].move.order if steps else order
        steps.append(Caused(run_out(before, timer), timer_cause(order, timer)))
    return steps


def after(steps: Sequence[Caused], order: Order) -> Order:
    """The order as it stands after these steps of it."""
    return steps[-1].move.order if steps else order
