"""A transaction that meets a time limit is known as too slow, whatever the driver makes of it."""

import asyncio
import time

import pytest
from out_parts import Schema
from sqlalchemy import text

from shared.database import unit_of_work
from shared.faults import is_too_slow, is_worlds_fault


async def test_a_statement_beyond_the_limit_is_too_slow_and_the_worlds_fault(
    schema: Schema,
) -> None:
    with pytest.raises(Exception, match="timeout") as caught:
        async with unit_of_work(schema.engine()) as uow:
            await uow.connection.execute(text("SELECT pg_sleep(3)"))

    assert is_too_slow(caught.value)
    assert is_worlds_fault(caught.value)


async def test_a_session_ended_while_we_were_busy_is_too_slow_inside_a_savepoint_too(
    schema: Schema,
) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        await be_busy_in_a_transaction(schema)

    assert is_too_slow(caught.value)
    assert is_worlds_fault(caught.value)


async def be_busy_in_a_transaction(schema: Schema) -> None:
    async with unit_of_work(schema.engine()) as uow, uow.connection.begin_nested():
        await uow.connection.execute(text("SELECT 1"))
        time.sleep(1.3)  # noqa: ASYNC251 - the loop is busy: idle in transaction for 1 s.
        await asyncio.sleep(0)
        await uow.connection.execute(text("SELECT 1"))
