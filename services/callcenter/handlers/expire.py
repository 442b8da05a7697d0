"""What nobody did in time: tasks past their validity, proposals without a customer."""

from datetime import datetime

from services.callcenter.domain.gate import Because, Decline
from services.callcenter.domain.task import State
from services.callcenter.handlers.answer_proposal import turn_down
from services.callcenter.handlers.stop_contacts import end_open_grant
from services.callcenter.store import budget, overdue, proposals, tasks
from services.callcenter.store.tasks import Task
from shared.cause import Cause
from shared.database import UnitOfWork

CHUNK = 100  # some statements each, far below the two seconds of a transaction


async def expire_tasks(now: datetime, uow: UnitOfWork) -> int:
    """Close what is overdue, as of its own time; its grant ends with it."""
    due = await overdue.tasks_overdue(uow.connection, now, CHUNK)
    for task in due:
        await _expire(task, uow)
    return len(due)


async def _expire(task: Task, uow: UnitOfWork) -> None:
    at = task.valid_until
    cause = Cause(f"{task.task_id}/expired/{at.isoformat()}", "callcenter.task_expired", at)
    await tasks.close(
        uow.connection,
        task,
        State.EXPIRED,
        at=at,
        attempts=task.attempts,
        because=Because.EXPIRED,
    )
    locked = await budget.lock(uow.connection, task.customer_id)
    grant = locked.standing.open_grant
    if grant is not None and grant.grant_id == task.grant_id:
        await end_open_grant(locked, task.county, Because.EXPIRED, cause=cause, uow=uow)


async def decline_unknown(now: datetime, uow: UnitOfWork) -> int:
    """Proposals whose customer's profile never came."""
    due = await proposals.overdue(uow.connection, now, CHUNK)
    for proposed in due:
        decline = Decline(Because.UNKNOWN_CUSTOMER)
        await turn_down(proposed, decline, proposed.valid_until, uow)
    return len(due)
