"""The days that the story plays in, and how fast business time runs through them (contracts §1)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from shared.clock import Segment
from shared.working_calendar import ZONE, WorkingCalendar

CUT_OVER = datetime(2026, 2, 27, 6, 0, tzinfo=ZONE)
"""The moment for which the opening records speak."""

BEGINS = datetime(2026, 2, 27, 7, 0, tzinfo=ZONE)
ENDS = datetime(2026, 3, 2, 20, 0, tzinfo=ZONE)
BILL_RUN_BEGINS = datetime(2026, 3, 1, 2, 0, tzinfo=ZONE)
BILL_RUN_ENDS = datetime(2026, 3, 1, 22, 0, tzinfo=ZONE)
BILL_MONTH = "2026-02"

DAY_BEGINS = time(7)
DAY_ENDS = time(20)
WORKING_RATE = 480.0
IDLE_RATE = 3_600.0
REAL_RATE = 1.0


def days(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def segments(wall: datetime, calendar: WorkingCalendar, *, speed: float = 1) -> tuple[Segment, ...]:
    """Business time of the whole story if it begins at the machine's moment `wall`.

    Fast in working hours, faster between them, `speed` times both; when the story has ended, as
    fast as life.
    """
    told: list[Segment] = []
    now = BEGINS
    for until, rate in _stretches(calendar):
        if until > now:
            told.append(Segment(wall, now, rate * speed))
            wall += (until - now) / (rate * speed)
            now = until
    return (*told, Segment(wall, ENDS, REAL_RATE))


def _stretches(calendar: WorkingCalendar) -> Sequence[tuple[datetime, float]]:
    """Until when which rate holds, in order; neighbours of one rate are one stretch."""
    found: list[tuple[datetime, float]] = []
    for day in days(BEGINS.date(), ENDS.date()):
        fast = [(datetime.combine(day, DAY_BEGINS, ZONE), IDLE_RATE)]
        if calendar.is_working_day(day):
            fast.append((datetime.combine(day, DAY_ENDS, ZONE), WORKING_RATE))
        found += fast
    joined: list[tuple[datetime, float]] = []
    for until, rate in found:
        if joined and joined[-1][1] == rate:
            joined.pop()
        joined.append((until, rate))
    return joined
