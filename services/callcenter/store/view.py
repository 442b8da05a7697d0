"""What whoever talks to a customer sees at once: guard, budget, and what others told (CC-26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_MAX = 20  # of each list; whoever needs more asks the service that owns it
BILLS_MAX = 12

_BUDGET = text("""
    SELECT b.reached_at, b.frozen_until, b.open_grant_id,
           coalesce(g.portability, 'none') AS portability,
           coalesce(g.do_not_call, false) AS do_not_call, coalesce(g.allowed, true) AS allowed
    FROM customer c LEFT JOIN contact_budget b USING (customer_id) LEFT JOIN guard g
        USING (customer_id)
    WHERE c.customer_id = :customer
""")


@dataclass(frozen=True)
class Budget:
    """What of the contact budget is used, and what forbids calls."""

    reached_at: datetime | None
    frozen_until: datetime | None
    open_grant_id: UUID | None
    portability: str
    do_not_call: bool
    allowed: bool


async def budget_of(connection: AsyncConnection, customer_id: int) -> Budget:
    row = await connection.execute(_BUDGET, {"customer": customer_id})
    return Budget(**row.mappings().one())


@dataclass(frozen=True)
class Alert:
    alert_id: UUID
    rule: str
    rule_version: int
    severity: str
    evidence: dict[str, Any]
    raised_at: datetime


@dataclass(frozen=True)
class Episode:
    episode_id: UUID
    severity: str
    priority: int
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    alerts: Sequence[Alert]


_EPISODES = text("""
    SELECT episode_id, severity, priority, opened_at, closed_at, outcome FROM episode
    WHERE customer_id = :customer ORDER BY opened_at DESC, episode_id LIMIT :rows
""")
_ALERTS = text("""
    SELECT episode_id, alert_id, rule, rule_version, severity, evidence, raised_at FROM alert
    WHERE customer_id = :customer ORDER BY raised_at DESC, alert_id LIMIT :rows
""")


async def episodes_of(connection: AsyncConnection, customer_id: int) -> list[Episode]:
    """The newest episodes, each with its newest alerts."""
    asked = {"customer": customer_id, "rows": ROWS_MAX}
    alerts = [{**row} for row in (await connection.execute(_ALERTS, asked)).mappings()]
    of_episode: dict[UUID, list[Alert]] = {}
    for alert in alerts:
        of_episode.setdefault(alert.pop("episode_id"), []).append(Alert(**alert))
    episodes = (await connection.execute(_EPISODES, asked)).mappings()
    return [Episode(**row, alerts=of_episode.get(row["episode_id"], [])) for row in episodes]


@dataclass(frozen=True)
class OrderSeen:
    order_id: UUID
    number: str | None
    order_type: str | None
    state: str
    due_at: datetime | None
    breached: bool
    escalated: int
    result: str | None
    lost_reason: str | None


_ORDERS = text("""
    SELECT order_id, number, order_type, state, due_at, breached, escalated, result, lost_reason
    FROM work_order WHERE customer_id = :customer ORDER BY moved_at DESC, order_id LIMIT :rows
""")


async def orders_of(connection: AsyncConnection, customer_id: int) -> list[OrderSeen]:
    rows = await connection.execute(_ORDERS, {"customer": customer_id, "rows": ROWS_MAX})
    return [OrderSeen(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class Bill:
    month: str
    amount_fen: int


_BILLS = text("""
    SELECT month, amount_fen FROM bill WHERE customer_id = :customer
    ORDER BY month DESC, bill_id LIMIT :rows
""")


async def bills_of(connection: AsyncConnection, customer_id: int) -> list[Bill]:
    rows = await connection.execute(_BILLS, {"customer": customer_id, "rows": BILLS_MAX})
    return [Bill(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class AtRisk:
    points: int
    clears_on: date


_AT_RISK = text("SELECT points, clears_on FROM at_risk WHERE customer_id = :customer")


async def at_risk_of(connection: AsyncConnection, customer_id: int) -> AtRisk | None:
    row = await connection.execute(_AT_RISK, {"customer": customer_id})
    found = row.mappings().one_or_none()
    return AtRisk(**found) if found else None


@dataclass(frozen=True)
class Signal:
    kind: str
    channel: str
    reference: str
    at: datetime


_SIGNALS = text("""
    SELECT kind, channel, reference, at FROM signal WHERE customer_id = :customer
    ORDER BY at DESC, event_id LIMIT :rows
""")


async def signals_of(connection: AsyncConnection, customer_id: int) -> list[Signal]:
    rows = await connection.execute(_SIGNALS, {"customer": customer_id, "rows": ROWS_MAX})
    return [Signal(**row) for row in rows.mappings()]
