"""Lots and entries: post batches, lock and move what one customer has, read it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.ledger import statements
from services.points.ledger.accounts import Kind
from services.points.ledger.allocation import LotBalance
from services.points.ledger.posting import ConflictingRepeat, Posted, Posting

_POST = text(statements.POST)
_LOCK_LOTS = text(statements.LOCK_LOTS)
_MOVE = text(statements.MOVE)

_GRANTING = frozenset({Kind.EARN, Kind.OPEN_GRANTED})


async def post(connection: AsyncConnection, postings: Sequence[Posting]) -> list[Posted]:
    """Write what is fresh and move its lots, in one statement; what is there already stays.

    Raises:
        ConflictingRepeat: an entry is there with another content; roll the batch back.
    """
    result = await connection.execute(
        _POST,
        {
            "customers": [p.customer_id for p in postings],
            "ids": [p.entry_id for p in postings],
            "programmes": [p.programme for p in postings],
            "programme_versions": [p.programme_version for p in postings],
            "cohorts": [p.cohort for p in postings],
            "kinds": [p.kind for p in postings],
            "amounts": [p.amount for p in postings],
            "debits": [p.debit for p in postings],
            "credits": [p.credit for p in postings],
            "dates": [p.business_date for p in postings],
            "clearings": [p.clears_on for p in postings],
            "reminders": [p.reminds_on for p in postings],
            "hashes": [p.payload_hash for p in postings],
            "references": [p.reference for p in postings],
            "granted": [p.amount if p.kind in _GRANTING else 0 for p in postings],
            "spent": [p.amount if p.kind is Kind.OPEN_SPENT else 0 for p in postings],
        },
    )
    posted: list[Posted] = []
    # The statement answers in the order of its arrays.
    for posting, row in zip(postings, result, strict=True):
        if row.conflicting:
            raise ConflictingRepeat(posting.entry_id)
        if row.lot_version is not None:
            posted.append(Posted(posting, row.lot_version, row.available))
    return posted


async def lock_lots(
    connection: AsyncConnection, customer_id: int, programme: str
) -> list[LotBalance]:
    """The customer's lots, locked until the transaction ends: whoever spends waits here."""
    rows = await connection.execute(_LOCK_LOTS, {"customer": customer_id, "programme": programme})
    return [LotBalance(row.cohort, row.clears_on, row.available) for row in rows]


async def move(connection: AsyncConnection, postings: Sequence[Posting]) -> list[Posted]:
    """Spend from, or give back to, lots of one customer that `lock_lots` holds.

    The postings of one call differ in their lots alone.
    """
    first = postings[0]
    sign = -1 if first.kind is Kind.REVERSE else 1
    rows = await connection.execute(
        _MOVE,
        {
            "customer": first.customer_id,
            "programme": first.programme,
            "programme_version": first.programme_version,
            "kind": first.kind,
            "debit": first.debit,
            "credit": first.credit,
            "date": first.business_date,
            "reference": first.reference,
            "ids": [p.entry_id for p in postings],
            "cohorts": [p.cohort for p in postings],
            "amounts": [p.amount for p in postings],
            "spent": [sign * p.amount for p in postings],
            "hashes": [p.payload_hash for p in postings],
        },
    )
    return [
        Posted(posting, row.lot_version, row.available)
        for posting, row in zip(postings, rows, strict=True)
    ]


@dataclass(frozen=True)
class Lot:
    """One points year of one customer, as it stands."""

    programme: str
    cohort: int
    clears_on: date
    granted: int
    pending: int
    spent: int
    expired: int
    held: int
    version: int

    @property
    def available(self) -> int:
        return self.granted - self.spent - self.expired - self.held


_LOTS = text("""
    SELECT programme, cohort, clears_on, granted, pending, spent, expired, held, version
    FROM lot WHERE customer_id = :customer ORDER BY clears_on, programme, cohort
""")


async def lots_of(connection: AsyncConnection, customer_id: int) -> list[Lot]:
    """All lots of a customer, the one that clears first before the others."""
    rows = await connection.execute(_LOTS, {"customer": customer_id})
    return [Lot(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class Entry:
    """One transfer as it stands in the ledger."""

    entry_id: UUID
    programme: str
    programme_version: int
    cohort: int
    kind: Kind
    amount: int
    debit: str
    credit: str
    reference: str
    business_date: date
    lot_version: int
    posted_at: datetime


_STATEMENT = text("""
    SELECT entry_id, programme, programme_version, cohort, kind, amount, debit, credit, reference,
           business_date, lot_version, posted_at
    FROM entry
    WHERE customer_id = :customer
      AND (CAST(:before AS timestamptz) IS NULL
           OR (posted_at, entry_id) < (CAST(:before AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY posted_at DESC, entry_id DESC LIMIT :rows
""")


async def entries_of(
    connection: AsyncConnection,
    customer_id: int,
    *,
    before: tuple[datetime, UUID] | None,
    rows: int,
) -> list[Entry]:
    """A page of a customer's entries, newest first; `before` is the last one of the page above."""
    at, entry_id = before or (None, None)
    found = await connection.execute(
        _STATEMENT, {"customer": customer_id, "before": at, "before_id": entry_id, "rows": rows}
    )
    return [_entry({**row}) for row in found.mappings()]


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(kind=Kind(row.pop("kind")), **row)
