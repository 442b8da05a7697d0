"""Where a customer's work orders stand, as ticketing tells it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.ticketing import (
    WorkOrderAccepted,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderReopened,
    WorkOrderReturned,
    WorkOrderSentBack,
    WorkOrderVerified,
)

Moved = (
    WorkOrderAccepted
    | WorkOrderReturned
    | WorkOrderCompleted
    | WorkOrderSentBack
    | WorkOrderVerified
    | WorkOrderReopened
    | WorkOrderCancelled
)

_MOVED = text("""
    INSERT INTO work_order AS o (order_id, customer_id, state, due_at, result, lost_reason,
                                 sequence, moved_at)
    VALUES (:order_id, :customer_id, :state, :due_at, :result, :lost_reason, :sequence, :at)
    ON CONFLICT (order_id) DO UPDATE
    SET state = excluded.state, due_at = coalesce(excluded.due_at, o.due_at),
        result = excluded.result, lost_reason = excluded.lost_reason,
        sequence = excluded.sequence, moved_at = excluded.moved_at
    WHERE o.sequence < excluded.sequence
""")


async def move(connection: AsyncConnection, moved: Moved) -> None:
    """A lower sequence than the one held changes nothing."""
    await connection.execute(
        _MOVED,
        {
            "order_id": moved.order_id,
            "customer_id": moved.customer_id,
            "state": moved.state,
            "due_at": moved.due_at,
            "result": moved.result,
            "lost_reason": moved.lost_reason,
            "sequence": moved.sequence,
            "at": moved.at,
        },
    )
