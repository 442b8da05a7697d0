"""A manager takes a task: reserved for a minute, then leased from heartbeat to heartbeat."""

from datetime import datetime
from uuid import UUID

from services.callcenter.domain.calling_hours import calendar_of, is_calling_time
from services.callcenter.domain.gate import PORTING, Because, Guard, Standing
from services.callcenter.domain.outcome import Result
from services.callcenter.domain.task import Kind, State
from services.callcenter.store import budget, queue, tasks
from services.callcenter.store.tasks import Task
from shared.database import UnitOfWork
from shared.errors import Conflict


class TaskClosed(Conflict):
    slug = "task-closed"
    title = "This task is over"


class NotYours(Conflict):
    slug = "not-yours"
    title = "This task is not reserved for you, or no longer"


class NotAccepted(Conflict):
    slug = "not-accepted"
    title = "Accept the task before you report on it"


class ContactForbidden(Conflict):
    slug = "contact-forbidden"
    title = "This customer must not be called"


async def next_task(manager: str, organisation: str, now: datetime, uow: UnitOfWork) -> Task | None:
    """What is in hand already, else the first of the queue; nothing outside calling hours."""
    held = await queue.held(uow.connection, manager)
    if held is not None:
        return held
    calling = is_calling_time(now, calendar_of(organisation))
    return await queue.reserve(
        uow.connection, manager, organisation=organisation, now=now, calling=calling
    )


async def accept_task(task_id: UUID, manager: str, uow: UnitOfWork) -> Task:
    """The manager calls now.

    Raises:
        NotFound: no such task that the caller may see.
        TaskClosed: it was cancelled, or somebody finished it.
        ContactForbidden: the customer applied to port, or withdrew consent, meanwhile.
        NotYours: the reservation is over.
    """
    seen = await tasks.visible(uow.connection, task_id)
    locked = await budget.lock(uow.connection, seen.customer_id)
    task = await tasks.visible(uow.connection, task_id, lock=True)
    require_open(task)
    require_allowed(task, locked.standing)
    accepted = await queue.accept(uow.connection, task_id, manager)
    if accepted is None:
        raise NotYours("Ask for the next task; this one goes to whoever is free")
    return accepted


async def keep_task(task_id: UUID, manager: str, uow: UnitOfWork) -> Task:
    """The call goes on.

    Raises:
        NotFound: no such task that the caller may see.
        TaskClosed: it was cancelled, or somebody finished it.
        NotYours: the lease is over.
    """
    require_open(await tasks.visible(uow.connection, task_id))
    kept = await queue.heartbeat(uow.connection, task_id, manager)
    if kept is None:
        raise NotYours("No heartbeat came in time; the task was released")
    return kept


def require_open(task: Task) -> None:
    """Go on only with a task that is neither done nor cancelled nor expired.

    Raises:
        TaskClosed: it is; the members say how it ended.
    """
    if task.state in (State.DONE, State.CANCELLED, State.EXPIRED):
        raise TaskClosed(
            f"It is {task.state}" + (f": {task.because}" if task.because else ""),
            members={"state": task.state, "because": task.because},
        )


def require_allowed(task: Task, standing: Standing) -> None:
    """The guard at the act itself: cancelling what is open and calling may meet (XC-20, XC-21).

    Raises:
        ContactForbidden: with the reason.
    """
    refusal = standing.guard.refusal()
    if task.kind is Kind.COUNTER:
        refusal = Because.PORTABILITY if standing.guard.portability in PORTING else None
    if refusal is not None:
        raise ContactForbidden(f"The reason is {refusal}", members={"because": refusal})


def require_may_agree(result: Result | None, guard: Guard) -> None:
    """Let no agreement begin an order that must be cancelled at once (XC-20, XC-21).

    Raises:
        ContactForbidden: with the reason.
    """
    refusal = guard.refusal_to_agree() if result is Result.AGREED else None
    if refusal is not None:
        raise ContactForbidden(
            "No renewal may begin; consent is given again where it was withdrawn"
            if refusal is Because.NO_CONSENT
            else "The customer applied to port",
            members={"because": refusal},
        )
