"""Whether rows go to default partitions because nobody made one for their day (an alarm)."""

import asyncio
import contextlib

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import telemetry
from shared.faults import is_worlds_fault

LOOK_SECONDS = 60  # `holdfast maintain` works seven days ahead: there is no hurry

# The inbox is left out: a fact may be months old, and old days have no partitions of their own.
_SIZES = text("""
    SELECT name, pg_relation_size(to_regclass(name || '_default')) AS bytes
    FROM unnest(ARRAY['outbox', 'event_link']) AS daily (name)
""")


async def watch_partitions(engine: AsyncEngine, *, stop: asyncio.Event) -> None:
    """Measure every minute until `stop`; without a database the last figure stands."""
    while not stop.is_set():
        try:
            await measure(engine)
        except Exception as error:
            if not is_worlds_fault(error):
                raise
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


async def measure(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for row in await connection.execute(_SIZES):
            telemetry.DEFAULT_PARTITION_BYTES.labels(table=row.name).set(row.bytes)
