"""What nobody did in time: tasks past their validity, proposals that waited for a customer."""

from datetime import datetime

from services.callcenter.domain.gate import Because, Decline
from services.callcenter.domain.task import State
from services.callcenter.handlers.answer_proposal import answer, turn_down
from services.callcenter.handlers.stop_contacts import end_open_grant
from services.callcenter.store import budget, overdue, tasks
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


async def answer_waiting(now: datetime, uow: UnitOfWork) -> int:
    """Proposals whose customer's profile never came, or came at the very same moment.

    Neither of two transactions that meet sees the other's row: whoever comes later answers here.
    """
    handled = 0
    for proposed in await overdue.proposals_waiting(uow.connection, now, CHUNK):
        locked = await budget.lock(uow.connection, proposed.customer_id)
        at = min(now, proposed.valid_until)
        if locked.known:
            await answer(proposed, locked, at, uow)
        elif proposed.valid_until <= now:
            await turn_down(proposed, Decline(Because.UNKNOWN_CUSTOMER), at, uow)
        else:
            continue
        handled += 1
    return handled
