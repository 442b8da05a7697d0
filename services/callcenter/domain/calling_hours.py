"""When a customer may be called: 09:00 to 21:00 on working days (contracts §5).

Calling hours never decline a contact, they delay it.
"""

from datetime import datetime, time
from functools import lru_cache

from shared.working_calendar import ZONE, WorkingCalendar, load_calendar

FIRST_CALL = time(9)
LAST_CALL = time(21)


@lru_cache(maxsize=256)  # a province has about a hundred counties
def calendar_of(county: str) -> WorkingCalendar:
    """The shipped calendar with the local days of a county."""
    return load_calendar().of_unit(county)


def is_calling_time(moment: datetime, calendar: WorkingCalendar) -> bool:
    local = moment.astimezone(ZONE)
    return FIRST_CALL <= local.time() < LAST_CALL and calendar.is_working_day(local.date())


def first_calling_time(moment: datetime, calendar: WorkingCalendar) -> datetime:
    """`moment` itself if calls may be made then, else the next opening."""
    local = moment.astimezone(ZONE)
    if is_calling_time(local, calendar):
        return moment
    today = local.date()
    if calendar.is_working_day(today) and local.time() < FIRST_CALL:
        day = today
    else:
        day = calendar.next_working_day(today)
    return datetime.combine(day, FIRST_CALL, ZONE)
