"""Rows that fall due: each handled once, at its time, by however many workers poll."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from out_parts import Schema
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock, ClockFollower, Segment
from shared.database import UnitOfWork
from shared.poller import Poller, run_pollers

FRIDAY = datetime(2026, 2, 27, 1, tzinfo=UTC)
ROWS = 500
CHUNK = 50

_TAKE = text("""
    WITH due AS (
        SELECT id FROM alarm WHERE handled_at IS NULL AND due_at <= :now
        ORDER BY due_at LIMIT :chunk FOR UPDATE SKIP LOCKED
    )
    UPDATE alarm SET handled_at = due_at, times = times + 1 FROM due WHERE alarm.id = due.id
""")


async def ring(now: datetime, uow: UnitOfWork) -> int:
    result = await uow.connection.execute(_TAKE, {"now": now, "chunk": CHUNK})
    return result.rowcount


@pytest.fixture
async def alarms(schema: Schema) -> Schema:
    """Half of the rows are due on Friday, half a day later."""
    async with schema.connected() as connection:
        await connection.execute(
            """CREATE TABLE alarm (id int PRIMARY KEY, due_at timestamptz NOT NULL,
                                   handled_at timestamptz, times int NOT NULL DEFAULT 0);
               GRANT SELECT, UPDATE ON alarm TO points_worker"""
        )
        await connection.execute(
            """INSERT INTO alarm SELECT n, CAST($1 AS timestamptz) + n % 2 * interval '1 day'
               FROM generate_series(1, $2) AS n""",
            FRIDAY,
            ROWS,
        )
    return schema


def standing_still_at(moment: datetime, engine: AsyncEngine) -> ClockFollower:
    follower = ClockFollower(engine)
    follower.clock = Clock((Segment(moment, moment, 0.0),))
    return follower


@asynccontextmanager
async def polling(
    alarms: Schema, poller: Poller, *, moment: datetime, workers: int = 1
) -> AsyncGenerator[list[asyncio.Task[None]]]:
    stop = asyncio.Event()
    engines = [alarms.engine() for _ in range(workers)]
    tasks = [
        asyncio.create_task(
            run_pollers([poller], engine, standing_still_at(moment, engine), stop=stop)
        )
        for engine in engines
    ]
    yield tasks
    stop.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def handled(alarms: Schema, count: int) -> None:
    async with asyncio.timeout(15):
        while (await alarms.rows("SELECT count(handled_at) FROM alarm"))[0][0] < count:  # noqa: ASYNC110 - rows ring no bell.
            await asyncio.sleep(0.02)


async def test_what_is_due_is_handled_once_by_three_workers_and_what_is_not_waits(
    alarms: Schema,
) -> None:
    async with polling(alarms, Poller("alarm", ring), moment=FRIDAY, workers=3):
        await handled(alarms, ROWS // 2)

    assert await alarms.rows("SELECT count(*), max(times), max(handled_at) FROM alarm") == [
        (ROWS, 1, FRIDAY)
    ]
    async with polling(alarms, Poller("alarm", ring), moment=FRIDAY + timedelta(days=1)):
        await handled(alarms, ROWS)


async def test_a_fault_of_the_world_is_waited_out(alarms: Schema) -> None:
    calls: list[datetime] = []

    async def ring_at_the_third_call(now: datetime, uow: UnitOfWork) -> int:
        calls.append(now)
        if len(calls) < 3:
            raise ConnectionRefusedError
        return await ring(now, uow)

    async with polling(alarms, Poller("alarm", ring_at_the_third_call), moment=FRIDAY):
        await handled(alarms, ROWS // 2)


async def test_a_bug_ends_the_pollers(alarms: Schema) -> None:
    async def broken(_now: datetime, _uow: UnitOfWork) -> int:
        raise KeyError("a bug")

    async with polling(alarms, Poller("alarm", broken), moment=FRIDAY) as [task]:
        with pytest.raises(KeyError, match="a bug"):
            await asyncio.wait_for(task, 10)
