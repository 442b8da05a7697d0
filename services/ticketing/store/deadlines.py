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

# What stays as it is keeps its place: most acts move no deadline.
_REPLACE = text("""
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:order_ids AS uuid[]), CAST(:kinds AS text[]),
                             CAST(:due AS timestamptz[])) AS t (order_id, kind, due_at)
    ), gone AS (
        DELETE FROM deadline d
        WHERE d.order_id = ANY(CAST(:held AS uuid[])) AND d.kind <> :kept
          AND NOT EXISTS (SELECT FROM wanted w
                          WHERE w.order_id = d.order_id AND w.kind = d.kind)
    )
    INSERT INTO deadline AS d (order_id, kind, due_at)
    SELECT order_id, kind, due_at FROM wanted ORDER BY order_id, kind
    ON CONFLICT (order_id, kind) DO UPDATE SET due_at = excluded.due_at
    WHERE d.due_at <> excluded.due_at
""")


async def replace(connection: AsyncConnection, orders: Sequence[Order]) -> None:
    """Keep exactly what the clocks of these orders will still bring about."""
    timers = [(order.order_id, timer) for order in orders for timer in order.timers]
    await connection.execute(
        _REPLACE,
        {
            "held": [order.order_id for order in orders],
            "order_ids": [order_id for order_id, _ in timers],
            "kinds": [timer.kind for _, timer in timers],
            "due": [timer.due_at for _, timer in timers],
            "kept": PROPOSE_AGAIN,
        },
    )


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
