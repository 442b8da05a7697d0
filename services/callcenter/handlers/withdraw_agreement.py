"""The customer takes a yes back; ticketing cancels what it has not begun (TK-01)."""

from uuid import UUID

from services.callcenter.handlers import tell
from services.callcenter.store import agreements, tasks
from services.callcenter.store.agreements import Agreement
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.errors import Conflict


class AlreadyWithdrawn(Conflict):
    slug = "already-withdrawn"
    title = "This agreement was withdrawn before"


async def withdraw_agreement(agreement_id: UUID, cause: Cause, uow: UnitOfWork) -> Agreement:
    """Withdraw once.

    Raises:
        NotFound: no such agreement that the caller may see.
        AlreadyWithdrawn: with when that was.
    """
    agreement = await agreements.locked(uow.connection, agreement_id)
    if agreement.withdrawn_at is not None:
        raise AlreadyWithdrawn(f"It was withdrawn at {agreement.withdrawn_at.isoformat()}")
    task = await tasks.visible(uow.connection, agreement.task_id)
    withdrawn = await agreements.withdraw(uow.connection, agreement_id, cause.at)
    uow.emit(tell.withdrawn(withdrawn, task.county, cause))
    return withdrawn
