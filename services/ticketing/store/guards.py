"""What stands against retaining a customer; the newest word by event time wins (contracts §6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.guard import UNGUARDED, Guard


@dataclass(frozen=True)
class Word:
    """What one source said of one customer; a time of None says nothing about that matter."""

    customer_id: int
    guard: Guard


# A word that restricts nothing is kept only where there was one to contradict.
_HEAR = text("""
    INSERT INTO guard AS kept (customer_id, portability_applied, portability_at,
                               consent_withdrawn, consent_at)
    SELECT w.* FROM unnest(
        CAST(:customers AS bigint[]), CAST(:applied AS boolean[]),
        CAST(:applied_at AS timestamptz[]), CAST(:withdrawn AS boolean[]),
        CAST(:withdrawn_at AS timestamptz[])
    ) AS w (customer_id, applied, applied_at, withdrawn, withdrawn_at)
    WHERE w.applied OR w.withdrawn
       OR EXISTS (SELECT FROM guard g WHERE g.customer_id = w.customer_id)
    ORDER BY w.customer_id
    ON CONFLICT (customer_id) DO UPDATE SET
        portability_applied = CASE
            WHEN excluded.portability_at > coalesce(kept.portability_at, '-infinity')
            THEN excluded.portability_applied ELSE kept.portability_applied END,
        portability_at = greatest(kept.portability_at, excluded.portability_at),
        consent_withdrawn = CASE
            WHEN excluded.consent_at > coalesce(kept.consent_at, '-infinity')
            THEN excluded.consent_withdrawn ELSE kept.consent_withdrawn END,
        consent_at = greatest(kept.consent_at, excluded.consent_at)
    RETURNING kept.customer_id, kept.portability_applied, kept.portability_at,
              kept.consent_withdrawn, kept.consent_at
""")


async def hear(connection: AsyncConnection, words: Sequence[Word]) -> dict[int, Guard]:
    """Keep what is newer, one word a customer; the guards that stand now, locked."""
    rows = await connection.execute(
        _HEAR,
        {
            "customers": [word.customer_id for word in words],
            "applied": [word.guard.portability_applied for word in words],
            "applied_at": [word.guard.portability_at for word in words],
            "withdrawn": [word.guard.consent_withdrawn for word in words],
            "withdrawn_at": [word.guard.consent_at for word in words],
        },
    )
    return {row.customer_id: guard_of(row) for row in rows}


_READ = text("""
    SELECT portability_applied, portability_at, consent_withdrawn, consent_at
    FROM guard WHERE customer_id = :customer
""")


async def read(connection: AsyncConnection, customer_id: int) -> Guard:
    row = (await connection.execute(_READ, {"customer": customer_id})).one_or_none()
    return UNGUARDED if row is None else guard_of(row)


def guard_of(row: Any) -> Guard:  # noqa: ANN401 - a row's columns have no types.
    return Guard(row.portability_applied, row.portability_at, row.consent_withdrawn, row.consent_at)
