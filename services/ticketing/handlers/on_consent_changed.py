"""A customer gave consent or took it back: renewals that are open end with it (XC-21)."""

from services.ticketing.domain.guard import Guard
from services.ticketing.handlers.enforce import enforce
from services.ticketing.handlers.tell import Cause
from services.ticketing.store import guards
from services.ticketing.store.guards import Word
from shared.database import UnitOfWork
from shared.events.touchpoints import RETENTION, ConsentChanged


async def on_consent_changed(changed: ConsentChanged, uow: UnitOfWork) -> None:
    """`do_not_call` is no matter of an order: whoever wants to call asks callcenter."""
    if changed.purpose != RETENTION:
        return
    guard = Guard(consent_withdrawn=not changed.allowed, consent_at=changed.at)
    standing = await guards.hear(uow.connection, [Word(changed.customer_id, guard)])
    await enforce(standing, Cause(str(changed.event_id), changed.event_type), changed.at, uow)
