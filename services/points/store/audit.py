"""Runs the audit on one snapshot, as the schema's owner: no row is hidden from it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.ledger import statements
from services.points.ledger.audit import (
    DIFFERENCES_SHOWN_MAX,
    Audit,
    Difference,
    balance_difference,
    entry_difference,
    lot_difference,
    redemption_difference,
)

_CHECKS: tuple[tuple[str, Callable[[Mapping[str, Any]], Difference]], ...] = (
    (statements.AUDIT, lot_difference),
    (statements.AUDIT_ENTRIES, entry_difference),
    (statements.AUDIT_REDEMPTIONS, redemption_difference),
)


async def audit(connection: AsyncConnection) -> Audit:
    """Every lot, entry and redemption against the replay, in one read-only snapshot.

    It holds no transaction id, so it delays no relay; posting goes on meanwhile.
    """
    # The first statement of its transaction, or PostgreSQL refuses it.
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    totals = (await connection.execute(text(statements.TOTALS))).one()
    differences: list[Difference] = []
    for statement, told in _CHECKS:
        rows = await connection.execute(text(statement), {"limit": DIFFERENCES_SHOWN_MAX})
        differences.extend(told(dict(row)) for row in rows.mappings())
    balance = totals.credited - totals.debited
    return Audit(
        entries=totals.entries,
        lots=totals.lots,
        redemptions=totals.redemptions,
        customer_balance=balance,
        lot_balance=totals.lot_balance,
        differences=(*differences, *balance_difference(balance, totals.lot_balance)),
        ledger_hash=await ledger_hash(connection),
    )


async def ledger_hash(connection: AsyncConnection) -> str:
    """Equal for equal ledgers, in whatever order they were posted (statements.HASH)."""
    found: str = (await connection.execute(text(statements.HASH))).scalar_one()
    return found
