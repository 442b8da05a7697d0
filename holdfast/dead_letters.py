"""What an operator may read of dead letters and ask for them; the worker carries it out."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

STATES = ("open", "replay", "discard", "replayed", "discarded")
ASK_AGAIN_SECONDS = 0.2

_COLUMNS = """
    id, topic, partition, offset_, row_, key, reason, detail, state, attempts, first_seen,
    resolved_at, resolved_by,
    (SELECT count(*) FROM parked p WHERE p.dead_letter_id = dead_letter.id) AS parked
"""

_PAGE = text(f"""
    SELECT {_COLUMNS} FROM dead_letter
    WHERE (CAST(:topic AS text) IS NULL OR topic = :topic)
      AND (CAST(:reason AS text) IS NULL OR reason = :reason)
      AND state = ANY(:states)
      AND (CAST(:after_seen AS timestamptz) IS NULL
           OR (first_seen, id) > (:after_seen, CAST(:after_id AS uuid)))
    ORDER BY first_seen, id LIMIT :rows
""")  # noqa: S608 - our own list of columns.

_ONE = text(f"SELECT {_COLUMNS} FROM dead_letter WHERE id = :id")  # noqa: S608 - as above.

_CONTENT = text("SELECT headers, value FROM dead_letter WHERE id = :id")

_PARKED = text("""
    SELECT offset_, headers ->> 'ce_type' AS type, parked_at FROM parked
    WHERE dead_letter_id = :id ORDER BY offset_ LIMIT :rows
""")

# Only an open letter can be asked for: one that is settled, or being settled, stays as it is.
_ASK = text("""
    UPDATE dead_letter
    SET state = :state, resolved_by = :by, value = coalesce(:value, value),
        hash = coalesce(encode(sha256(CAST(:value AS bytea)), 'hex'), hash)
    WHERE id = :id AND state = 'open'
    RETURNING attempts
""")

# A role sees the sessions of its own; a worker keeps some open as long as it runs.
_WORKERS = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND application_name = :name
""")


@dataclass(frozen=True)
class Letter:
    """A dead letter as a list shows it; `parked` counts what waits behind it."""

    id: UUID
    topic: str
    partition: int
    offset: int
    row: int
    key: str | None
    reason: str
    detail: str
    state: str
    attempts: int
    first_seen: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    parked: int


@dataclass(frozen=True)
class Waiting:
    """A record that waits behind a letter."""

    offset: int
    type: str | None
    parked_at: datetime


@dataclass(frozen=True)
class Filter:
    """Which letters, and after which one; None means any."""

    states: Sequence[str]
    topic: str | None = None
    reason: str | None = None
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True)
class Wish:
    """A replay (perhaps of a mended value) or a discard, and who wants it why."""

    state: str
    by: str
    value: bytes | None = None


async def page(connection: AsyncConnection, wanted: Filter, *, rows: int) -> list[Letter]:
    """The oldest letters first."""
    seen, last = wanted.after or (None, None)
    found = await connection.execute(
        _PAGE,
        {
            "topic": wanted.topic,
            "reason": wanted.reason,
            "states": list(wanted.states),
            "after_seen": seen,
            "after_id": last,
            "rows": rows,
        },
    )
    return [Letter(*row) for row in found]


async def find(connection: AsyncConnection, letter_id: UUID) -> Letter | None:
    row = (await connection.execute(_ONE, {"id": letter_id})).one_or_none()
    return Letter(*row) if row else None


async def content(connection: AsyncConnection, letter_id: UUID) -> tuple[dict[str, str], bytes]:
    """The record's headers and bytes."""
    row = (await connection.execute(_CONTENT, {"id": letter_id})).one()
    return row.headers, row.value


async def waiting_behind(
    connection: AsyncConnection, letter_id: UUID, *, rows: int
) -> list[Waiting]:
    found = await connection.execute(_PARKED, {"id": letter_id, "rows": rows})
    return [Waiting(*row) for row in found]


async def ask(connection: AsyncConnection, letter_id: UUID, wish: Wish) -> bool:
    """Leave the wish for the worker; False when the letter is not open (any more)."""
    found = await connection.execute(
        _ASK, {"id": letter_id, "state": wish.state, "by": wish.by, "value": wish.value}
    )
    return found.one_or_none() is not None


async def worker_runs(connection: AsyncConnection, service: str) -> bool:
    count = await connection.scalar(_WORKERS, {"name": f"holdfast-{service}-worker"})
    return bool(count)


async def settled(engine: AsyncEngine, letter: Letter, *, seconds: float) -> Letter:
    """The letter once a worker carried the wish out, or as it stands when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        async with engine.connect() as connection:
            found = await find(connection, letter.id) or letter
        if found.state not in {"replay", "discard"} or time.monotonic() >= deadline:
            return found
        await asyncio.sleep(ASK_AGAIN_SECONDS)
