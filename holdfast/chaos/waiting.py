"""Waiting for facts: with a deadline, which moves on as long as the parts do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from holdfast.chaos.parts import PartFailed
from shared.faults import is_worlds_fault

POLL_SECONDS = 0.25

Fact = Callable[[], Awaitable[bool]]
Progress = Callable[[], Awaitable[int]]


async def until(
    fact: Fact, seconds: float, otherwise: str, *, progress: Progress | None = None
) -> None:
    """Wait for a fact; a server that is away has not confirmed it.

    With `progress` the deadline is about standing still: a slow machine is not a stuck one.

    Raises:
        PartFailed: the deadline passed; the message says what did not happen.
    """
    deadline = time.monotonic() + seconds
    furthest: int | None = None
    while not await _holds(fact):
        moved = await _moved(progress) if progress else None
        if moved is not None and (furthest is None or moved > furthest):
            furthest, deadline = moved, time.monotonic() + seconds
        if time.monotonic() > deadline:
            raise PartFailed(f"{otherwise} within {seconds:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


async def _holds(fact: Fact) -> bool:
    try:
        return await fact()
    except Exception as error:
        if not is_worlds_fault(error):
            raise
        return False


async def _moved(progress: Progress) -> int | None:
    try:
        return await progress()
    except Exception as error:
        if not is_worlds_fault(error):
            raise
        return None
