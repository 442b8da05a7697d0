"""A proposal meets the gate: granted with its task, or declined with a reason (contracts §5)."""

from dataclasses import replace
from datetime import datetime

from services.callcenter.domain.calling_hours import calendar_of
from services.callcenter.domain.gate import Decline, Grant, decide
from services.callcenter.domain.task import Kind, NewTask
from services.callcenter.handlers import tell
from services.callcenter.store import budget, proposals, tasks
from services.callcenter.store.budget import Locked
from services.callcenter.store.proposals import Proposed
from shared import telemetry
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.events.callcenter import ContactGranted
from shared.events.contact import ContactProposed
from shared.events.event import effect_id


async def answer_event(event: ContactProposed, source: str, uow: UnitOfWork) -> None:
    """The same for whoever proposes; a repeat of an attempt was answered already."""
    proposed = Proposed(
        customer_id=event.customer_id,
        proposal_id=event.proposal_id,
        attempt=event.attempt,
        source=source,
        cause_id=str(event.event_id),
        cause_type=event.event_type,
        county=event.county,
        reason=event.reason,
        about=event.about,
        priority=event.priority,
        tier=event.tier,
        not_before=event.not_before,
        valid_until=event.valid_until,
        proposed_at=event.at,
    )
    await answer_new(proposed, uow)


async def answer_new(proposed: Proposed, uow: UnitOfWork) -> Proposed:
    """Keep a proposal and answer it; without a profile it waits for one."""
    locked = await budget.lock(uow.connection, proposed.customer_id)
    if await proposals.seen(uow.connection, proposed):
        return proposed
    if not locked.known and locked.standing.guard.refusal() is None:
        await proposals.keep(uow.connection, proposed)
        return proposed
    return await answer(proposed, locked, proposed.proposed_at, uow)


async def answer(proposed: Proposed, locked: Locked, at: datetime, uow: UnitOfWork) -> Proposed:
    """Decide as of `at`; the customer's budget is locked."""
    calendar = calendar_of(proposed.county)
    match decide(proposed.asked, locked.standing, now=at, calendar=calendar):
        case Decline() as decline:
            return await turn_down(proposed, decline, at, uow)
        case Grant() as grant:
            await _replace(proposed, grant, at, uow)
            return await _grant(proposed, grant, locked, at=at, uow=uow)


async def turn_down(
    proposed: Proposed, decline: Decline, at: datetime, uow: UnitOfWork
) -> Proposed:
    """The row is the proof that nobody called, and why (XC-20)."""
    uow.emit(tell.declined(proposed, decline, at))
    _count(uow, proposed.source, decline.because)
    because, again_at = decline.because, decline.again_at
    declined = replace(proposed, state="declined", because=because, again_at=again_at)
    await proposals.keep(uow.connection, declined)
    return declined


async def _replace(proposed: Proposed, grant: Grant, at: datetime, uow: UnitOfWork) -> None:
    """What was weaker gives way, with its task."""
    weaker = grant.replaces
    if weaker is None:
        return
    by = proposed.proposal_id
    await proposals.grant_ended(uow.connection, weaker.grant_id, by)
    await tasks.cancel(
        uow.connection, proposed.customer_id, "replaced", at=at, grant_id=weaker.grant_id
    )
    because = Cause(proposed.cause_id, proposed.cause_type, at)
    uow.emit(tell.replaced((proposed.customer_id, proposed.county), weaker.grant_id, by, because))


async def _grant(
    proposed: Proposed, grant: Grant, locked: Locked, *, at: datetime, uow: UnitOfWork
) -> Proposed:
    grant_id = effect_id(proposed.key, "callcenter.grant")
    event = tell.granted(proposed, grant_id, at)
    granted = replace(proposed, state="granted", grant_id=grant_id)
    await proposals.keep_granted(uow.connection, granted, at)
    await tasks.insert(uow.connection, _task(granted, grant, locked, event))
    uow.emit(event)
    _count(uow, proposed.source, "granted")
    return granted


def _task(granted: Proposed, grant: Grant, locked: Locked, event: ContactGranted) -> NewTask:
    """The task of a grant; the fact of the grant is its cause."""
    return NewTask(
        task_id=effect_id(event.grant_id, "callcenter.task"),
        customer_id=granted.customer_id,
        county=locked.county or granted.county,
        kind=Kind.CONTACT,
        cause_id=str(event.event_id),
        cause_type=event.event_type,
        reason=granted.reason,
        about=granted.about,
        priority=granted.priority,
        tier=granted.tier,
        owner=locked.manager,
        not_before=grant.not_before,
        valid_until=granted.valid_until,
        opened_at=event.at,
        grant_id=event.grant_id,
    )


def _count(uow: UnitOfWork, source: str, answer: str) -> None:
    uow.after_commit(telemetry.PROPOSALS.labels(source=source, answer=answer).inc)
