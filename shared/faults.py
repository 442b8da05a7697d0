"""Whose fault was it? The record's (dead letter) or the world's (wait and try the same again)."""

import asyncio
import random

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# SQLSTATE classes that say nothing about the record: connection, resources, operator, system.
_WORLD_CLASSES = ("08", "53", "57", "58")
# Serialization, deadlock, lock not available, idle transaction, read-only (a standby), protocol.
_WORLD_STATES = frozenset({"40001", "40P01", "55P03", "25P03", "25006"})
# transaction_timeout ends the session, statement_timeout cancels the statement: too much at once.
_TOO_SLOW_STATES = frozenset({"25P04", "57014"})

BACK_OFF_FIRST_SECONDS = 0.05
BACK_OFF_LAST_SECONDS = 2.0


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE anywhere in the chain of causes, or None."""
    seen: BaseException | None = error
    while seen is not None:
        state = getattr(seen, "sqlstate", None) or getattr(
            getattr(seen, "orig", None), "sqlstate", None
        )
        if state:
            return str(state)
        seen = seen.__cause__
    return None


def is_too_slow(error: BaseException) -> bool:
    """A time limit of the transaction was met: half of it may fit (architecture §5)."""
    return sqlstate(error) in _TOO_SLOW_STATES


def is_worlds_fault(error: BaseException) -> bool:
    """The database or the network failed; the same work may succeed later."""
    state = sqlstate(error)
    if state is not None:
        return state[:2] in _WORLD_CLASSES or state in _WORLD_STATES | _TOO_SLOW_STATES
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # asyncpg answers a vanished server with errors outside its own connection hierarchy
    # (InternalClientError "cannot switch to state"), so every client-side error counts.
    return isinstance(
        error,
        OSError
        | asyncio.TimeoutError
        | PoolTimeoutError
        | InterfaceError
        | asyncpg.InterfaceError
        | asyncpg.InternalClientError,
    ) or _caused_by_client(error)


def _caused_by_client(error: BaseException) -> bool:
    cause = error.__cause__
    return cause is not None and isinstance(error, DBAPIError) and is_worlds_fault(cause)


def back_off_seconds(attempt: int) -> float:
    """Exponential from 50 ms to 2 s, with jitter so that lanes do not knock in step."""
    longest = min(BACK_OFF_LAST_SECONDS, BACK_OFF_FIRST_SECONDS * 2.0 ** min(attempt, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing.
