"""Figures over the orders that the caller may see: how many, how late, how long (TK-21)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COUNTS = text("""
    SELECT order_type, state, count(*) AS orders,
           count(*) FILTER (WHERE breached_at IS NOT NULL) AS breached,
           count(*) FILTER (WHERE escalation_level >= 1) AS escalated,
           count(*) FILTER (WHERE escalation_level >= 2) AS escalated_twice
    FROM work_order GROUP BY order_type, state ORDER BY order_type, state
""")

_LOST = text("""
    SELECT lost_reason, count(*) AS orders FROM work_order
    WHERE result = 'lost' GROUP BY lost_reason ORDER BY lost_reason
""")

_MEDIANS = text("""
    SELECT percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM completed_at - dispatched_at)) AS to_completion,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM verified_at - dispatched_at)) AS to_verification
    FROM work_order
""")


@dataclass(frozen=True)
class Count:
    """Orders of one type in one state; escalated counts level 1 and above, twice level 2."""

    order_type: str
    state: str
    orders: int
    breached: int
    escalated: int
    escalated_twice: int


@dataclass(frozen=True)
class Figures:
    counts: tuple[Count, ...]
    lost_by_reason: Mapping[str, int]
    median_seconds_to_completion: float | None
    median_seconds_to_verification: float | None


async def read(connection: AsyncConnection) -> Figures:
    """As of now; medians are of business time."""
    counts = [Count(**row) for row in (await connection.execute(_COUNTS)).mappings()]
    lost = {row.lost_reason: row.orders for row in await connection.execute(_LOST)}
    medians = (await connection.execute(_MEDIANS)).one()
    return Figures(
        counts=tuple(counts),
        lost_by_reason=lost,
        median_seconds_to_completion=medians.to_completion,
        median_seconds_to_verification=medians.to_verification,
    )
