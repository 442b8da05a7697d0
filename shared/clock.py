"""Business time: one clock for everybody, made of append-only segments (contracts §1).

Event times, due dates, caps and calling hours read this clock; leases, time-outs and latencies
read the machine's. `clock.now()` and `clock.at(wall)` are the only ways to business time.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import telemetry
from shared.faults import is_worlds_fault

FOLLOW_SECONDS = 1  # how often processes look for new segments
AHEAD_SECONDS = 10  # a segment is written this long before it begins, so that all know it by then


@dataclass(frozen=True)
class Segment:
    """From `wall_from` on, business time runs from `business_from` at `rate` × machine speed."""

    wall_from: datetime
    business_from: datetime
    rate: float


class NoClock(Exception):  # noqa: N818 - the message says what to do.
    """There is no segment for this moment."""


class Clock:
    """Immutable; a follower replaces it when segments are added."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(sorted(segments, key=lambda s: s.wall_from))
        self._starts = [segment.wall_from for segment in self.segments]

    def at(self, wall: datetime) -> datetime:
        """Business time at a moment of machine time.

        Raises:
            NoClock: the moment lies before the first segment.
        """
        segment = self.segment_at(wall)
        return segment.business_from + (wall - segment.wall_from) * segment.rate

    def segment_at(self, wall: datetime) -> Segment:
        """The segment that a moment of machine time belongs to.

        Raises:
            NoClock: the moment lies before the first segment.
        """
        index = bisect_right(self._starts, wall) - 1
        if index < 0:
            raise NoClock(
                "business time has not begun: run `holdfast up` or `holdfast clock start`"
            )
        return self.segments[index]

    def now(self) -> datetime:
        return self.at(datetime.now(UTC))

    @property
    def rate(self) -> float:
        """How fast business time runs at this moment."""
        index = bisect_right(self._starts, datetime.now(UTC)) - 1
        return self.segments[index].rate if index >= 0 else 0.0


_READ = text("SELECT wall_from, business_from, rate FROM holdfast.clock_segment ORDER BY wall_from")

_APPEND = text("""
    INSERT INTO holdfast.clock_segment (wall_from, business_from, rate)
    VALUES (:wall_from, :business_from, :rate)
""")


async def read(connection: AsyncConnection) -> Clock:
    rows = await connection.execute(_READ)
    return Clock([Segment(r.wall_from, r.business_from, float(r.rate)) for r in rows])


async def append(connection: AsyncConnection, segment: Segment) -> None:
    """Add a segment while processes run; all of them know it by the time it begins.

    Raises:
        ValueError: it would begin before everybody has read it, or rewrite the past.
    """
    if segment.wall_from < datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS):
        raise ValueError(f"a segment begins at least {AHEAD_SECONDS} s ahead of its writing")
    last = (await read(connection)).segments[-1:]
    if last and segment.wall_from <= last[0].wall_from:
        raise ValueError(f"a segment from {last[0].wall_from} is already there")
    await _insert(connection, segment)


async def _insert(connection: AsyncConnection, segment: Segment) -> None:
    await connection.execute(
        _APPEND,
        {
            "wall_from": segment.wall_from,
            "business_from": segment.business_from,
            "rate": segment.rate,
        },
    )


async def stop(connection: AsyncConnection) -> None:
    """Let business time stand still (`holdfast down`, once no process reads it any more)."""
    clock = await read(connection)
    if clock.segments and clock.segments[-1].rate > 0:
        wall = _earliest(clock)
        await _insert(connection, Segment(wall, clock.at(wall), 0.0))


async def resume(connection: AsyncConnection, *, rate: float, begin: datetime | None) -> Segment:
    """Go on where business time stood, or begin at `begin` if it never ran (`holdfast up`).

    For the moment before processes start: nobody can hold an older opinion of this instant.
    """
    clock = await read(connection)
    if clock.segments:
        wall = _earliest(clock)
        segment = Segment(wall, clock.at(wall), rate)
    else:
        now = datetime.now(UTC)
        segment = Segment(now, begin or now, rate)
    await _insert(connection, segment)
    return segment


def _earliest(clock: Clock) -> datetime:
    """Now, or just after a segment that was written ahead and has not begun."""
    return max(datetime.now(UTC), clock.segments[-1].wall_from + timedelta(microseconds=1))


class ClockFollower:
    """Keeps `clock` up to date in a process; an absent database leaves the last one standing."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = Clock(())
        self._engine = engine
        self._read_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read once, then follow.

        Raises:
            NoClock: no segment was ever written.
        """
        await self._read()
        if not self.clock.segments:
            raise NoClock("no clock segment yet: run `holdfast up` or `holdfast clock start`")
        self._task = asyncio.create_task(self._follow(), name="clock")

    @property
    def unread_seconds(self) -> float:
        """Machine time since the segments were last read: how long the database has been away."""
        return time.monotonic() - self._read_at

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            # A connection that is being opened must be back before its pool is disposed of.
            await asyncio.wait({self._task})

    async def _read(self) -> None:
        async with self._engine.connect() as connection:
            self.clock = await read(connection)
        self._read_at = time.monotonic()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self._read()
            except Exception as error:
                if not is_worlds_fault(error):
                    raise
            self._measure()

    def _measure(self) -> None:
        telemetry.CLOCK_UNREAD_SECONDS.set(self.unread_seconds)
        begun = self.clock.segment_at(datetime.now(UTC)).wall_from
        telemetry.CLOCK_SEGMENT_AGE.set((datetime.now(UTC) - begun).total_seconds())
