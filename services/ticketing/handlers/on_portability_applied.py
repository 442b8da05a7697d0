"""A customer applied to port the number: nobody retains any more (XC-20)."""

from services.ticketing.domain.guard import Guard
from services.ticketing.handlers.enforce import enforce
from services.ticketing.handlers.tell import Cause
from services.ticketing.store import guards
from services.ticketing.store.guards import Word
from shared.database import UnitOfWork
from shared.events.touchpoints import PortabilityApplied


async def on_portability_applied(applied: PortabilityApplied, uow: UnitOfWork) -> None:
    word = Word(applied.customer_id, Guard(portability_applied=True, portability_at=applied.at))
    standing = await guards.hear(uow.connection, [word])
    await enforce(standing, Cause(str(applied.event_id), applied.event_type), applied.at, uow)
