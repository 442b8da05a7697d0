"""A guard came to stand against a customer: what is open for them is cancelled (XC-20, XC-21)."""

from collections.abc import Mapping
from datetime import datetime

from services.ticketing.domain.acting import Surroundings, decide_act
from services.ticketing.domain.checks import Asked, Said
from services.ticketing.domain.guard import Guard
from services.ticketing.domain.order import Move, Order
from services.ticketing.domain.timing import SYSTEM
from services.ticketing.handlers.record import after, record, settle
from services.ticketing.handlers.tell import Cause, Caused
from services.ticketing.store import calendars, orders
from shared.database import UnitOfWork


async def enforce(guards: Mapping[int, Guard], cause: Cause, at: datetime, uow: UnitOfWork) -> None:
    """Cancel the open orders that these guards, by customer, forbid."""
    guarded = [
        customer
        for customer, guard in guards.items()
        if guard.portability_applied or guard.consent_withdrawn
    ]
    if not guarded:
        return
    steps: list[Caused] = []
    held = await orders.lock_of_customers(uow.connection, guarded)
    for number, order in enumerate(held):
        steps += _steps(order, guards[order.brief.customer_id], (cause, number), at)
    await record(steps, uow)


def _steps(order: Order, guard: Guard, cause: tuple[Cause, int], at: datetime) -> list[Caused]:
    forbidden = guard.forbids(order.brief.order_type)
    if forbidden is None:
        return []
    steps = settle(order, at)
    asked = Asked(forbidden, SYSTEM, at, Said())
    around = Surroundings(calendar=calendars.calendar_of(order.county), guard=guard)
    decided = decide_act(after(steps, order), asked, around)
    return [*steps, Caused(decided, *cause)] if isinstance(decided, Move) else []
