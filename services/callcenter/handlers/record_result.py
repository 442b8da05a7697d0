"""A manager reports what a call came to; the result decides what follows (CC-11, contracts §5)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.callcenter.domain.calling_hours import calendar_of
from services.callcenter.domain.gate import Because
from services.callcenter.domain.outcome import (
    Again,
    Call,
    CallBack,
    Close,
    Disposition,
    NoSuchHour,
    decide_outcome,
)
from services.callcenter.domain.task import (
    CALL_BACK_ALONE,
    OWNER_ALONE,
    Kind,
    Queue,
    State,
)
from services.callcenter.handlers.hold_task import (
    NotAccepted,
    NotYours,
    require_allowed,
    require_may_agree,
    require_open,
)
from services.callcenter.handlers.record_call import Outcome, record_call
from services.callcenter.handlers.stop_contacts import end_open_grant, stop_contacts
from services.callcenter.store import budget, tasks
from services.callcenter.store.budget import Locked
from services.callcenter.store.tasks import Postponed, Task
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.errors import Conflict


class OutsideCallingHours(Conflict):
    slug = "outside-calling-hours"
    title = "Nobody is called back at that time; calls are made 09:00 to 21:00 on working days"


@dataclass(frozen=True)
class Recorded:
    """The task as it stands now, and what the call left behind."""

    task: Task
    contact_id: UUID
    agreement_id: UUID | None


async def record_result(task_id: UUID, outcome: Outcome, cause: Cause, uow: UnitOfWork) -> Recorded:
    """Report on a call that this manager accepted; a lease that lapsed unnoticed still counts.

    Raises:
        NotFound: no such task that the caller may see.
        TaskClosed: it was cancelled, or has its result.
        NotYours: somebody else has it, or nobody.
        NotAccepted: it is reserved, not accepted.
        ContactForbidden: the customer applied to port, or withdrew consent, meanwhile.
        OutsideCallingHours: of the call-back.
    """
    seen = await tasks.visible(uow.connection, task_id)
    locked = await budget.lock(uow.connection, seen.customer_id)
    task = await tasks.visible(uow.connection, task_id, lock=True)
    _require_caller(task, cause.by)
    require_allowed(task, locked.standing)
    require_may_agree(outcome.result, locked.standing.guard)
    call = Call(task.attempts, task.valid_until, counter=task.kind is Kind.COUNTER)
    decision = decide_outcome(
        call,
        outcome.disposition,
        outcome.call_back_at,
        now=cause.at,
        calendar=calendar_of(task.county),
    )
    if isinstance(decision, NoSuchHour):
        raise OutsideCallingHours(
            f"The next possible hour is {decision.next_hour.isoformat()}",
            members={"next_hour": decision.next_hour},
        )
    contact_id, agreement_id = await record_call(task, outcome, cause, uow)
    await _move_on(task, decision, locked, cause=cause, uow=uow)
    if outcome.disposition is Disposition.STOP_CALLING:
        await _leave_alone(task, cause, uow)
    now = await tasks.visible(uow.connection, task_id)
    return Recorded(now, contact_id, agreement_id)


async def _leave_alone(task: Task, cause: Cause, uow: UnitOfWork) -> None:
    """What else was open for the customer ends: a promised call-back, a grant beside a counter."""
    locked = await budget.lock(uow.connection, task.customer_id)
    await stop_contacts(locked, task.county, Because.FROZEN, cause=cause, uow=uow)


def _require_caller(task: Task, manager: str) -> None:
    require_open(task)
    if task.holder != manager:
        raise NotYours("Another manager has it, or it was released")
    if task.state is State.RESERVED:
        raise NotAccepted


async def _move_on(
    task: Task, decision: Close | Again | CallBack, locked: Locked, *, cause: Cause, uow: UnitOfWork
) -> None:
    attempts = task.attempts
    match decision:
        case Close(unreached):
            because = Because.UNANSWERED if unreached else None
            attempts += unreached
            await tasks.close(
                uow.connection,
                task,
                State.DONE,
                at=cause.at,
                attempts=attempts,
                because=because,
            )
            if unreached:
                await _end_grant(task, locked, cause, uow)
        case Again():
            await tasks.postpone(uow.connection, task.task_id, _again(task, decision))
        case CallBack():
            promised = _call_back(task, decision, cause.by)
            await tasks.postpone(uow.connection, task.task_id, promised)


async def _end_grant(task: Task, locked: Locked, cause: Cause, uow: UnitOfWork) -> None:
    """Of a call-back nothing is left to end: its grant reached the customer before."""
    grant = locked.standing.open_grant
    if grant is not None and grant.grant_id == task.grant_id:
        await end_open_grant(locked, task.county, Because.UNANSWERED, cause=cause, uow=uow)


def _again(task: Task, again: Again) -> Postponed:
    alone = OWNER_ALONE if task.owner and task.kind is Kind.CONTACT else timedelta()
    return Postponed(
        not_before=again.not_before,
        group_at=again.not_before + alone,
        valid_until=task.valid_until,
        owner=task.owner,
        queue=task.queue,
        call_back_at=task.call_back_at,
        attempts=task.attempts + 1,
    )


def _call_back(task: Task, promised: CallBack, manager: str) -> Postponed:
    """Whoever promised it calls; half an hour later the group may."""
    return Postponed(
        not_before=promised.at,
        group_at=promised.at + CALL_BACK_ALONE,
        valid_until=promised.valid_until,
        owner=manager,
        queue=Queue.CALL_BACK,
        call_back_at=promised.at,
        attempts=task.attempts,
    )
