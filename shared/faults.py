"""Whose fault was it? The record's (dead letter) or the world's (wait and try the same again)."""

import asyncio
import random
from collections.abc import Iterator

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# SQLSTATE classes that say nothing about the record: connection, resources, operator, system.
_WORLD_CLASSES = ("08", "53", "57", "58")
# Serialization, deadlock, lock not available, read-only (a standby).
_WORLD_STATES = frozenset({"40001", "40P01", "55P03", "25006"})
# transaction_timeout and idle_in_transaction_session_timeout end the session, statement_timeout
# cancels the statement: too much at once, for the server or for us.
_TOO_SLOW_STATES = frozenset({"25P03", "25P04", "57014"})

BACK_OFF_FIRST_SECONDS = 0.05
BACK_OFF_LAST_SECONDS = 2.0


def sqlstate(error: BaseException) -> str | None:
    """The outermost SQLSTATE in the chain of causes, or None."""
    return next((state for fault in _causes(error) if (state := _sqlstate_of(fault))), None)


def is_too_slow(error: BaseException) -> bool:
    """A time limit of the transaction was met: half of it may fit (architecture §5).

    The server ends such a session: what comes up is a lost connection, or a rollback that found
    none, and the server's reason stands further down the chain.
    """
    return any(_sqlstate_of(fault) in _TOO_SLOW_STATES for fault in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _sqlstate_of(error: BaseException) -> str | None:
    state = getattr(error, "sqlstate", None)
    return str(state) if state else None


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
