"""The clock in PostgreSQL: written ahead, followed by every process, ended and taken up again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast.roles import bootstrap
from shared import clock
from shared.clock import AHEAD_SECONDS, ClockFollower, NoClock, Segment
from shared.database import create_engine

FRIDAY = datetime(2026, 2, 27, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    await bootstrap(database_url, {}, ())
    engine = create_engine(database_url, application="test-clock", pool_size=3)
    yield engine
    await engine.dispose()


@pytest.fixture(autouse=True)
async def no_segments(engine: AsyncEngine, database_url: str) -> None:
    assert engine  # it has made the table
    connection = await asyncpg.connect(database_url)
    await connection.execute("DELETE FROM holdfast.clock_segment")
    await connection.close()


async def test_up_begins_where_down_stopped(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await clock.resume(connection, rate=3600, begin=FRIDAY)
        await clock.stop(connection)
        stood = (await clock.read(connection)).now()
        await clock.stop(connection)  # a second `down` changes nothing
        segment = await clock.resume(connection, rate=60, begin=None)
        running = await clock.read(connection)

    assert stood > FRIDAY
    assert segment.business_from == stood
    assert running.rate == 60
    assert len(running.segments) == 3


async def test_a_running_clock_is_changed_ahead_of_time_or_not_at_all(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await clock.resume(connection, rate=1, begin=FRIDAY)
        soon = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS / 2)
        with pytest.raises(ValueError, match="ahead"):
            await clock.append(connection, Segment(soon, FRIDAY, 60))

        later = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS + 1)
        await clock.append(connection, Segment(later, FRIDAY, 60))
        with pytest.raises(ValueError, match="already there"):
            await clock.append(connection, Segment(later, FRIDAY, 480))


async def test_down_ends_a_segment_that_was_written_ahead_as_well(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await clock.resume(connection, rate=1, begin=FRIDAY)
        later = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS + 1)
        await clock.append(connection, Segment(later, FRIDAY + timedelta(hours=1), 60))
        await clock.stop(connection)
        stopped = await clock.read(connection)

    assert stopped.segments[-1].rate == 0
    assert stopped.at(later + timedelta(days=1)) == stopped.segments[-1].business_from


async def test_every_process_follows_within_two_seconds(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await clock.resume(connection, rate=1, begin=FRIDAY)
    follower = ClockFollower(engine)
    await follower.start()
    try:
        later = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS + 1)
        async with engine.begin() as connection:
            await clock.append(connection, Segment(later, FRIDAY, 480))

        async with asyncio.timeout(2):
            while len(follower.clock.segments) < 2:  # noqa: ASYNC110 - a fact, with a deadline.
                await asyncio.sleep(0.05)
    finally:
        await follower.stop()


async def test_a_process_without_any_segment_says_what_to_type(engine: AsyncEngine) -> None:
    with pytest.raises(NoClock, match="holdfast up"):
        await ClockFollower(engine).start()
