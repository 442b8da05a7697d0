"""Rows that fall due: what an order's clock will bring about, taken by whoever comes first.

An order's row is the one lock: its deadlines are written and taken only while it is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.order import Order

PROPOSE_AGAIN = "propose_again"

# Rows that stay as they are keep their place: most acts move no deadline.
_DELETE = text("""
    DELETE FROM deadline d WHERE d.order_id = :order_id AND d.kind <> :kept
      AND NOT EXISTS (SELECT FROM unnest(CAST(:kinds AS text[]), CAST(:due AS timestamptz[]))
                      AS t (kind, due_at) WHERE t.kind = d.kind AND t.due_at = d.due_at)
""")
_INSERT = text("""
    INSERT INTO deadline (order_id, kind, due_at)
    SELECT CAST(:order_id AS uuid), kind, due_at
    FROM unnest(CAST(:kinds AS text[]), CAST(:due AS timestamptz[])) AS t (kind, due_at)
    ON CONFLICT DO NOTHING
""")


async def replace(connection: AsyncConnection, order: Order) -> None:
    """Keep exactly what the order's clock will still bring about."""
    timers = {
        "order_id": order.order_id,
        "kinds": [timer.kind for timer in order.timers],
        "due": [timer.due_at for timer in order.timers],
    }
    await connection.execute(_DELETE, {**timers, "kept": PROPOSE_AGAIN})
    if order.timers:
        await connection.execute(_INSERT, timers)


_REMIND = text("""
    INSERT INTO deadline (order_id, kind, due_at) VALUES (:order_id, :kind, :due_at)
""")
_FORGET = text("DELETE FROM deadline WHERE order_id = :order_id AND kind = :kind")


async def propose_again_at(
    connection: AsyncConnection, order_id: UUID, at: datetime | None
) -> None:
    """When to propose a contact once more; None: not any more."""
    row = {"order_id": order_id, "kind": PROPOSE_AGAIN}
    await connection.execute(_FORGET, row)
    if at is not None:
        await connection.execute(_REMIND, {**row, "due_at": at})


# What is locked here may have been read before somebody else moved it: `due_rows` reads again.
_LOCK_DUE = text("""
    SELECT w.order_id FROM deadline d JOIN work_order w USING (order_id)
    WHERE d.due_at <= :now ORDER BY d.due_at, d.order_id, d.kind
    LIMIT :most FOR UPDATE OF w SKIP LOCKED
""")


async def lock_due_orders(connection: AsyncConnection, now: datetime, *, most: int) -> list[UUID]:
    """Orders of which something is due and that nobody else holds."""
    rows = await connection.execute(_LOCK_DUE, {"now": now, "most": most})
    return sorted({row.order_id for row in rows})


@dataclass(frozen=True)
class Due:
    order_id: UUID
    kind: str
    due_at: datetime


_DUE = text("""
    SELECT order_id, kind, due_at FROM deadline
    WHERE order_id = ANY(CAST(:order_ids AS uuid[])) AND due_at <= :now
    ORDER BY due_at, order_id, kind
""")


async def due_rows(
    connection: AsyncConnection, order_ids: Sequence[UUID], now: datetime
) -> list[Due]:
    """What is due of these orders, which the caller holds."""
    rows = await connection.execute(_DUE, {"order_ids": list(order_ids), "now": now})
    return [Due(row.order_id, row.kind, row.due_at) for row in rows]
