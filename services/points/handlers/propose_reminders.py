"""A reminder's day has come, or a declined one may be tried once more: propose it (PT-17)."""

from datetime import datetime

from services.points.domain.programme import Programmes, business_day, day_begins
from services.points.domain.reminder import Propose, State, decide_proposal
from services.points.handlers.count_reminders import count
from services.points.store import programmes, reminders
from services.points.store.reminders import DueReminder, Settled
from shared.database import UnitOfWork
from shared.events.event import effect_id
from shared.events.points import PointsContactProposed

CHUNK_REMINDERS = 100  # as many facts leave with the transaction

REASON = "clearing_reminder"


async def propose_reminders(now: datetime, uow: UnitOfWork) -> int:
    """Propose a chunk of what is due; how many there were."""
    due = await reminders.lock_due(uow.connection, now, rows=CHUNK_REMINDERS)
    if not due:
        return 0
    known = await programmes.read(uow.connection)
    settled = [_settle(reminder, known, uow, now=now) for reminder in due]
    await reminders.settle(uow.connection, settled)
    count([one.state for one in settled], uow)
    return len(due)


def _settle(due: DueReminder, known: Programmes, uow: UnitOfWork, *, now: datetime) -> Settled:
    programme = known.in_force(due.lot.programme, business_day(now))
    decision = decide_proposal(
        due.lot, due.member, programme, attempts=due.attempts, ends_on=due.ends_on, now=now
    )
    match decision:
        case Propose() as propose:
            proposed = _proposed(due, propose)
            uow.emit(proposed)
            return Settled(due, State.PROPOSED, propose.attempt, proposed.proposal_id)
        case State() as state:
            return Settled(due, state, due.attempts, None)


def _proposed(due: DueReminder, propose: Propose) -> PointsContactProposed:
    """Both attempts are one proposal to callcenter; each is a fact of its own."""
    cause = f"{due.id}/due/{due.due_at.isoformat()}"
    return PointsContactProposed(
        event_id=effect_id(cause, PointsContactProposed.event_type),
        subject=due.id,
        sequence=propose.attempt,
        cause_id=cause,
        cause_type="timer.due",
        at=due.due_at,
        customer_id=due.lot.customer_id,
        county=due.member.county,
        proposal_id=str(effect_id(due.id, PointsContactProposed.event_type)),
        attempt=propose.attempt,
        reason=REASON,
        about=due.id,
        priority=propose.priority,
        valid_until=day_begins(due.ends_on),
        tier=due.member.tier,
    )
