"""A wait ends when nothing moves any more, however long it takes while something does."""

import itertools

import pytest

from holdfast.chaos.parts import PartFailed
from holdfast.chaos.waiting import POLL_SECONDS, until

STUCK_SECONDS = POLL_SECONDS * 1.5


def after(polls: int) -> "itertools.count[int]":
    return itertools.count(-polls)


async def test_a_slow_machine_is_waited_for_and_a_stuck_one_is_not() -> None:
    left, moved = after(4), itertools.count()

    async def consumed() -> bool:
        return next(left) >= 0

    async def moving() -> int:
        return next(moved)

    async def standing() -> int:
        return 7

    await until(consumed, STUCK_SECONDS, "not consumed", progress=moving)
    left = after(4)
    with pytest.raises(PartFailed, match="not consumed"):
        await until(consumed, STUCK_SECONDS, "not consumed", progress=standing)


async def test_a_server_that_is_away_has_neither_confirmed_a_fact_nor_moved() -> None:
    async def away() -> bool:
        raise ConnectionRefusedError

    async def gone() -> int:
        raise ConnectionRefusedError

    with pytest.raises(PartFailed, match="within 0 s"):
        await until(away, 0.1, "nobody answers", progress=gone)


async def test_a_bug_is_no_slow_server() -> None:
    async def broken() -> bool:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await until(broken, STUCK_SECONDS, "never asked")
