"""Days of the tables that are kept by day: which there are, making one, dropping one.

Every act is one short transaction: an open one on the server holds back every relay, and whoever
waits for its lock is a worker or a request.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.faults import is_too_slow, sqlstate

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.3  # between attempts: whoever held the lock is done within 2 s, or cut off
ROWS_MOVED_MAX = 10_000  # writers wait meanwhile; a day with more stays where it is

_LIMITS = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '2s'"
_LOCK_NOT_AVAILABLE, _DEADLOCK = "55P03", "40P01"
_DAY = re.compile(r"_(\d{8})$")


class Busy(Exception):  # noqa: N818 - a fact about the moment; the next run tries again.
    """Somebody held the table for too long."""


@dataclass(frozen=True)
class Daily:
    """A table that is kept by day, and the column that says which."""

    table: str
    column: str

    @property
    def default(self) -> str:
        return f"{self.table}_default"

    def partition(self, day: date) -> str:
        return f"{self.table}_{day:%Y%m%d}"

    def within(self, day: date) -> str:
        """The condition for rows of a day; dates are ours, so no parameter is needed."""
        return f"{self.column} >= '{day}' AND {self.column} < '{day + timedelta(days=1)}'"


INBOX = Daily("inbox", "day")
OUTBOX = Daily("outbox", "created_at")
EVENT_LINK = Daily("event_link", "recorded_at")

_PARTITIONS = text("""
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = CAST(:table AS regclass)
""")


async def days_of(connection: AsyncConnection, daily: Daily) -> list[date]:
    """The days that have a partition of their own."""
    rows = await connection.execute(_PARTITIONS, {"table": daily.table})
    found = [_DAY.search(row.relname) for row in rows]
    return sorted(datetime.strptime(m[1], "%Y%m%d").date() for m in found if m)  # noqa: DTZ007 - a day.


async def rows_in_default(connection: AsyncConnection, daily: Daily, day: date) -> int:
    """How many rows of a day lie in the default partition, because it had none of its own."""
    counted = f"SELECT count(*) FROM {daily.default} WHERE {daily.within(day)}"  # noqa: S608 - our own names.
    return int(await connection.scalar(text(counted)) or 0)


async def make(engine: AsyncEngine, daily: Daily, day: date) -> None:
    """Give a day a partition, and move into it what lies in the default one.

    Raises:
        Busy: the table is held; nothing was done.
    """
    name, until = daily.partition(day), day + timedelta(days=1)
    bounds = f"FOR VALUES FROM ('{day}') TO ('{until}')"

    async def made(connection: AsyncConnection) -> None:
        # First of all: nobody writes another row of that day to the default partition meanwhile.
        await connection.execute(text(f"LOCK TABLE {daily.default} IN ACCESS EXCLUSIVE MODE"))
        shape = f"LIKE {daily.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
        await connection.execute(text(f"CREATE TABLE {name} ({shape})"))
        moved = f"DELETE FROM {daily.default} WHERE {daily.within(day)} RETURNING *"  # noqa: S608 - as above.
        moving = f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"  # noqa: S608 - as above.
        await connection.execute(text(moving))
        await connection.execute(
            text(f"ALTER TABLE {daily.table} ATTACH PARTITION {name} {bounds}")
        )

    await _briefly(engine, made)


async def drop(engine: AsyncEngine, daily: Daily, day: date) -> None:
    """Drop a day with all its rows.

    Raises:
        Busy: the table is held; nothing was done.
    """

    async def dropped(connection: AsyncConnection) -> None:
        await connection.execute(text(f"DROP TABLE {daily.partition(day)}"))

    await _briefly(engine, dropped)


async def _briefly(engine: AsyncEngine, act: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    """One transaction under the limits of a worker's, tried again while somebody is in the way."""
    for _ in range(ATTEMPTS_MAX):
        try:
            async with engine.connect() as connection, connection.begin():
                for limit in _LIMITS.split("; "):
                    await connection.execute(text(limit))
                await act(connection)
        except Exception as error:
            if not (is_too_slow(error) or sqlstate(error) in {_LOCK_NOT_AVAILABLE, _DEADLOCK}):
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    raise Busy
