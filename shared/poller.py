"""What falls due: rows with a business time, handled by a worker once that time has come.

Every worker of a service may poll at once: a handler takes its rows `FOR UPDATE SKIP LOCKED`. The
due time in the row is the handler's `now`, so a poller that was late decides as one in time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from shared import telemetry
from shared.clock import ClockFollower
from shared.database import UnitOfWork, unit_of_work
from shared.faults import back_off_seconds, is_worlds_fault
from shared.logging import get_logger

POLL_SECONDS = 0.25

Poll = Callable[[datetime, UnitOfWork], Awaitable[int]]
"""Handle a chunk of the rows that are due at a business time; answer how many there were."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Poller:
    """`name` is for logs and metrics; `poll` ends within a transaction's two seconds."""

    name: str
    poll: Poll


async def run_pollers(
    pollers: Sequence[Poller], engine: AsyncEngine, clock: ClockFollower, *, stop: asyncio.Event
) -> None:
    """Poll until `stop`; whatever is no fault of the world is a bug and ends the process."""
    attempt = 0
    while not stop.is_set():
        try:
            handled = [await _poll(poller, engine, clock) for poller in pollers]
        except Exception as error:
            if not is_worlds_fault(error):
                raise
            attempt += 1
            log.warning("poller_waits", attempt=attempt, error=f"{type(error).__name__}"[:300])
            await _wait(stop, back_off_seconds(attempt))
            continue
        attempt = 0
        if not any(handled):
            await _wait(stop, POLL_SECONDS)


async def _poll(poller: Poller, engine: AsyncEngine, clock: ClockFollower) -> int:
    async with unit_of_work(engine) as uow:
        handled = await poller.poll(clock.clock.now(), uow)
    if handled:
        telemetry.DUE_HANDLED.labels(poller=poller.name).inc(handled)
    return handled


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
