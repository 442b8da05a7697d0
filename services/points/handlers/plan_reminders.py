"""An offset before clearing has come: who is worth a call gets a day, all others are counted.

What is at risk is told at the same time, where it can move somebody (PT-17).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.points.domain.programme import Programme, Programmes, business_day, day_begins
from services.points.domain.reminder import (
    ClearingLot,
    Considered,
    Member,
    State,
    choose_day,
    decide_reminder,
    next_offset_on,
)
from services.points.handlers.count_reminders import count
from services.points.store import programmes, reminders
from services.points.store.reminders import LotToConsider, Planned
from shared.database import UnitOfWork
from shared.events.event import effect_id
from shared.events.points import PointsAtRiskChanged

CHUNK_LOTS = 500  # tens of milliseconds; a transaction may take 2 s

ONE_DAY = timedelta(days=1)


async def plan_reminders(now: datetime, uow: UnitOfWork) -> int:
    """Look at a chunk of the lots whose offset has come; how many there were."""
    today = business_day(now)
    if not await reminders.alone(uow.connection):
        return 0
    due = await reminders.lock_due_lots(uow.connection, today, rows=CHUNK_LOTS)
    if not due:
        return 0
    known = await programmes.read(uow.connection)
    plan = _Plan(today, known, await reminders.places_taken(uow.connection, today))
    for found in due:
        plan.consider(found)
    await reminders.look_again(uow.connection, plan.again)
    await reminders.insert(uow.connection, plan.planned)
    for told in plan.told:
        uow.emit(told)
    count([planned.state for planned in plan.planned], uow)
    return len(due)


@dataclass
class _Plan:
    """What a chunk of lots comes to; `taken` counts the places of each day as they are given."""

    today: date
    known: Programmes
    taken: dict[date, int]
    again: list[tuple[ClearingLot, date | None]] = field(
        default_factory=list[tuple[ClearingLot, date | None]]
    )
    planned: list[Planned] = field(default_factory=list[Planned])
    told: list[PointsAtRiskChanged] = field(default_factory=list[PointsAtRiskChanged])

    def consider(self, found: LotToConsider) -> None:
        lot, member = found.lot, found.member
        programme = self.known.in_force(lot.programme, self.today)
        if member is None:
            # The profile may be on its way; without it nobody knows whom to call.
            self.again.append((lot, self.today + ONE_DAY))
            return
        self.again.append((lot, next_offset_on(programme, lot.clears_on, self.today)))
        considered = decide_reminder(lot, member, programme, today=self.today)
        if considered is None:
            return
        self.planned.append(self._planned(lot, considered, programme))
        if considered.changed:
            self.told.append(_at_risk(found, member, considered))

    def _planned(self, lot: ClearingLot, considered: Considered, programme: Programme) -> Planned:
        window = considered.window
        if not considered.worth_a_call:
            return Planned(lot, window.days, considered.otherwise, window.closes)
        day = choose_day(
            window, self.taken, today=self.today, per_day_max=programme.reminders_per_day_max
        )
        if day is None:
            return Planned(lot, window.days, State.NO_CAPACITY, window.closes)
        self.taken[day] = self.taken.get(day, 0) + 1
        return Planned(lot, window.days, State.PLANNED, window.closes, day, day_begins(day))


def _at_risk(found: LotToConsider, member: Member, considered: Considered) -> PointsAtRiskChanged:
    """Numbered by the day of its offset, so that an older one never covers a newer one."""
    lot, due_at = found.lot, day_begins(found.reminds_on)
    about = f"at-risk/{lot.customer_id}/{lot.programme}"
    cause = f"lot/{lot.customer_id}/{lot.programme}/{lot.cohort}/offset/{due_at.isoformat()}"
    return PointsAtRiskChanged(
        event_id=effect_id(cause, PointsAtRiskChanged.event_type),
        subject=about,
        sequence=considered.window.opens.toordinal(),
        cause_id=cause,
        cause_type="timer.offset",
        at=due_at,
        customer_id=lot.customer_id,
        county=member.county,
        points=lot.available,
        clears_on=lot.clears_on,
    )
