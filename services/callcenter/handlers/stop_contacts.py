"""Nobody calls this customer any more: what is open is cancelled, and its proposers hear why."""

from collections.abc import Sequence

from services.callcenter.domain.gate import Because
from services.callcenter.domain.task import Kind
from services.callcenter.handlers import tell
from services.callcenter.store import budget, proposals, tasks
from services.callcenter.store.budget import Locked
from shared.cause import Cause
from shared.database import UnitOfWork

EVERY_CALL = (Kind.CONTACT, Kind.COUNTER)


async def stop_contacts(
    locked: Locked,
    county: str,
    because: Because,
    *,
    cause: Cause,
    uow: UnitOfWork,
    kinds: Sequence[Kind] = (Kind.CONTACT,),
) -> None:
    """Cancel the customer's open tasks of these kinds and end the open grant."""
    customer_id = locked.customer_id
    await tasks.cancel(uow.connection, customer_id, because, at=cause.at, kinds=kinds)
    await end_open_grant(locked, county, because, cause=cause, uow=uow)


async def end_open_grant(
    locked: Locked, county: str, because: Because, *, cause: Cause, uow: UnitOfWork
) -> None:
    """Without a contact; whoever proposed hears it as a replacement by the reason."""
    grant = locked.standing.open_grant
    if grant is None:
        return
    await proposals.grant_ended(uow.connection, grant.grant_id, because)
    await budget.set_open_grant(uow.connection, locked.customer_id, None)
    uow.emit(tell.replaced((locked.customer_id, county), grant.grant_id, because, cause))


async def obey_guard(customer_id: int, county: str, cause: Cause, uow: UnitOfWork) -> None:
    """Stop what the customer's guard forbids now, if it forbids anything.

    Somebody at a counter is served whatever they said about calls; only who ports is left alone.
    """
    locked = await budget.lock(uow.connection, customer_id)
    because = locked.standing.guard.refusal()
    if because is None:
        return
    kinds = EVERY_CALL if because is Because.PORTABILITY else (Kind.CONTACT,)
    await stop_contacts(locked, county, because, cause=cause, uow=uow, kinds=kinds)
