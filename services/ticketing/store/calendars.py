"""The working calendar of each county, and which version of it deadlines were computed by."""

from datetime import datetime
from functools import cache
from importlib import resources

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.working_calendar import WorkingCalendar, load_calendar


@cache
def _country() -> WorkingCalendar:
    return load_calendar()


@cache
def calendar_of(county: str) -> WorkingCalendar:
    """The shipped calendar as this county keeps it; read once a process."""
    return _country().of_unit(county)


@cache
def content() -> str:
    """The calendar's text, kept beside the first deadline that names its version."""
    return (resources.files("shared") / "calendars" / "cn.yaml").read_text(encoding="utf-8")


_REGISTER = text("""
    INSERT INTO calendar_version (version, content, first_used_at)
    VALUES (:version, :content, :at) ON CONFLICT DO NOTHING
""")


async def register(connection: AsyncConnection, at: datetime) -> None:
    """Keep the text of the calendar before a deadline names its version."""
    await connection.execute(
        _REGISTER, {"version": _country().version, "content": content(), "at": at}
    )
