"""Deadlines by policy, each able to explain itself, and the timers that follow from one (TK-02).

A deadline keeps its trace: policy, calendar version, every day that was skipped, every pause.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.working_calendar import CLOSES, ZONE, Day, DayKind, WorkingCalendar

WARNING_BEFORE = timedelta(hours=2)  # of working time
ESCALATION_AFTER = timedelta(hours=1)  # of working time


class Policy(StrEnum):
    """By when an order is due."""

    END_OF_NEXT_WORKING_DAY = "end_of_next_working_day"
    END_OF_SAME_WORKING_DAY = "end_of_same_working_day"


class TimerKind(StrEnum):
    """What a deadline brings about, in the order in which it does."""

    WARN = "warn"
    BREACH = "breach"
    ESCALATE = "escalate"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class SkippedDay(_Kept):
    """A day between start and deadline that does not count, and where that is written."""

    date: date
    kind: DayKind
    name_zh: str
    name_en: str
    source: str


class Pause(_Kept):
    """Working time that did not count, because the order lay with the dispatcher."""

    begun_at: AwareDatetime
    ended_at: AwareDatetime
    working_seconds: int
    due_before: AwareDatetime


class Deadline(_Kept):
    """When an order is due, and why then; `calendar_unit` is the county whose calendar counts."""

    policy: Policy
    calendar_version: str
    calendar_unit: str
    started_at: AwareDatetime
    due_on_kind: DayKind
    confirmed: bool
    skipped: tuple[SkippedDay, ...] = ()
    pauses: tuple[Pause, ...] = ()
    warn_at: AwareDatetime | None
    due_at: AwareDatetime
    escalate_at: AwareDatetime


@dataclass(frozen=True)
class Timer:
    kind: TimerKind
    due_at: datetime


@dataclass(frozen=True)
class _Basis:
    """What a deadline is computed from, beside the moment itself."""

    policy: Policy
    unit: str
    started_at: datetime
    pauses: tuple[Pause, ...] = ()


def due_by(
    policy: Policy, started_at: datetime, *, calendar: WorkingCalendar, unit: str
) -> Deadline:
    """The deadline of an order whose clock starts now; `calendar` is the one of `unit`."""
    day = _DAY_BY[policy](started_at.astimezone(ZONE), calendar)
    due_at = datetime.combine(day, CLOSES, ZONE)
    return _explained(_Basis(policy, unit, started_at), due_at, calendar)


def extended(
    deadline: Deadline, paused_at: datetime, until: datetime, *, calendar: WorkingCalendar
) -> Deadline:
    """The deadline after a pause: as much later as working time stood still."""
    stood_still = calendar.working_time_between(paused_at, until)
    pause = Pause(
        begun_at=paused_at,
        ended_at=until,
        working_seconds=round(stood_still.total_seconds()),
        due_before=deadline.due_at,
    )
    basis = _Basis(
        deadline.policy,
        deadline.calendar_unit,
        deadline.started_at,
        (*deadline.pauses, pause),
    )
    return _explained(basis, calendar.add_working_time(deadline.due_at, stood_still), calendar)


def timers_of(deadline: Deadline) -> tuple[Timer, ...]:
    """All that this deadline will bring about; no warning when it began too late for one."""
    later = (
        Timer(TimerKind.BREACH, deadline.due_at),
        Timer(TimerKind.ESCALATE, deadline.escalate_at),
    )
    if deadline.warn_at is None:
        return later
    return (Timer(TimerKind.WARN, deadline.warn_at), *later)


def _explained(basis: _Basis, due_at: datetime, calendar: WorkingCalendar) -> Deadline:
    """The deadline at this moment, with the days and timers that follow from it."""
    due_on = calendar.explain(due_at.astimezone(ZONE).date())
    skipped = calendar.skipped(basis.started_at.astimezone(ZONE).date(), due_on.date)
    warn_at = calendar.subtract_working_time(due_at, WARNING_BEFORE)
    return Deadline(
        policy=basis.policy,
        calendar_version=calendar.version,
        calendar_unit=basis.unit,
        started_at=basis.started_at,
        due_on_kind=due_on.kind,
        confirmed=due_on.confirmed and all(day.confirmed for day in skipped),
        skipped=tuple(map(_skipped, skipped)),
        pauses=basis.pauses,
        warn_at=warn_at if warn_at > basis.started_at else None,
        due_at=due_at,
        escalate_at=calendar.add_working_time(due_at, ESCALATION_AFTER),
    )


def _skipped(day: Day) -> SkippedDay:
    return SkippedDay(
        date=day.date,
        kind=day.kind,
        name_zh=day.name_zh,
        name_en=day.name_en,
        source=day.source,
    )


def _next_working_day(started: datetime, calendar: WorkingCalendar) -> date:
    return calendar.next_working_day(started.date())


def _same_working_day(started: datetime, calendar: WorkingCalendar) -> date:
    """The day itself while it is open, else the next one that is."""
    today = started.date()
    open_still = calendar.is_working_day(today) and started.time() < CLOSES
    return today if open_still else calendar.next_working_day(today)


_DAY_BY: Mapping[Policy, Callable[[datetime, WorkingCalendar], date]] = {
    Policy.END_OF_NEXT_WORKING_DAY: _next_working_day,
    Policy.END_OF_SAME_WORKING_DAY: _same_working_day,
}
