"""Where a customer's work orders stand: a manager who is asked can answer (TK-22)."""

from services.callcenter.store import follow, orders
from shared.database import UnitOfWork
from shared.events.ticketing import (
    DeadlineBreached,
    Escalated,
    WorkOrderAccepted,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderDispatched,
    WorkOrderReopened,
    WorkOrderReturned,
    WorkOrderSentBack,
    WorkOrderVerified,
)


async def on_work_order_dispatched(dispatched: WorkOrderDispatched, uow: UnitOfWork) -> None:
    await follow.dispatch_order(uow.connection, dispatched)


async def on_work_order_accepted(moved: WorkOrderAccepted, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_work_order_returned(moved: WorkOrderReturned, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_work_order_completed(moved: WorkOrderCompleted, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_work_order_sent_back(moved: WorkOrderSentBack, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_work_order_verified(moved: WorkOrderVerified, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_work_order_reopened(moved: WorkOrderReopened, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_work_order_cancelled(moved: WorkOrderCancelled, uow: UnitOfWork) -> None:
    await orders.move(uow.connection, moved)


async def on_deadline_breached(breached: DeadlineBreached, uow: UnitOfWork) -> None:
    await follow.breach_order(uow.connection, breached)


async def on_escalated(escalated: Escalated, uow: UnitOfWork) -> None:
    await follow.escalate_order(uow.connection, escalated)
