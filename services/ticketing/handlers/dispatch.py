"""An order begins: kept once for its cause, and told."""

from services.ticketing.domain.acting import Surroundings
from services.ticketing.domain.dispatch import Dispatch, decide_dispatch
from services.ticketing.domain.guard import Guard
from services.ticketing.handlers.record import tell
from services.ticketing.handlers.tell import Cause, Caused
from services.ticketing.store import beginnings, calendars
from shared.database import UnitOfWork


async def dispatch(begun: Dispatch, guard: Guard, cause: Cause, uow: UnitOfWork) -> None:
    """Keep and tell the order; one that is there already stays as it is."""
    around = Surroundings(calendar=calendars.calendar_of(begun.county), guard=guard)
    move = decide_dispatch(begun, around)
    if await beginnings.begin(uow.connection, move):
        await tell([Caused(move, cause)], uow)
