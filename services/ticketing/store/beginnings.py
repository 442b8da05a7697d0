"""Orders begin: what must be known before, and all their rows, one statement each.

A counter waits for it and a morning's agreements come in hundreds, so round trips count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.guard import Guard
from services.ticketing.domain.order import Move
from services.ticketing.store import calendars
from services.ticketing.store.customers import Customer
from services.ticketing.store.guards import guard_of
from services.ticketing.store.orders import COLUMNS, order_row
from shared.events.customers import Tier


@dataclass(frozen=True)
class Wanted:
    """An order that a fact asks for; it must not begin once its agreement was withdrawn."""

    order_id: UUID
    customer_id: int
    agreement_id: UUID | None = None


@dataclass(frozen=True)
class Ground:
    """What an order begins on."""

    order_id: UUID
    customer: Customer | None
    guard: Guard
    serial: int


# Guards are locked, and made where there are none yet, so that no order begins while its customer
# is being guarded. The sequence is asked only where an order will be, in the order of the facts.
_GROUNDS = text("""
    WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:order_ids AS uuid[]), CAST(:customers AS bigint[]), CAST(:agreements AS uuid[])
        ) WITH ORDINALITY AS w (order_id, customer_id, agreement_id, n)
    ), locked AS (
        INSERT INTO guard AS g (customer_id)
        SELECT DISTINCT customer_id FROM wanted ORDER BY customer_id
        ON CONFLICT (customer_id) DO UPDATE SET customer_id = excluded.customer_id
        RETURNING g.customer_id, g.portability_applied, g.portability_at, g.consent_withdrawn,
                  g.consent_at
    ), opening AS (
        SELECT w.*, l.portability_applied, l.portability_at, l.consent_withdrawn, l.consent_at,
               c.county, c.tier, c.manager
        FROM wanted w JOIN locked l USING (customer_id) LEFT JOIN customer c USING (customer_id)
        WHERE NOT EXISTS (SELECT FROM work_order o WHERE o.order_id = w.order_id)
          AND NOT EXISTS (SELECT FROM withdrawn_agreement a WHERE a.agreement_id = w.agreement_id)
        ORDER BY w.n
    )
    SELECT *, nextval('order_number') AS serial FROM opening
""")


async def grounds(connection: AsyncConnection, wanted: Sequence[Wanted]) -> list[Ground]:
    """What is known for each order that is to begin; an id is wanted once."""
    rows = await connection.execute(
        _GROUNDS,
        {
            "order_ids": [one.order_id for one in wanted],
            "customers": [one.customer_id for one in wanted],
            "agreements": [one.agreement_id for one in wanted],
        },
    )
    return [
        Ground(
            order_id=row.order_id,
            customer=Customer(row.county, Tier(row.tier), row.manager) if row.county else None,
            guard=guard_of(row),
            serial=row.serial,
        )
        for row in rows
    ]


# The orders as JSON: three dozen arrays would cost more than what they carry.
_BEGIN = text(f"""
    WITH calendar AS (
        INSERT INTO calendar_version (version, content, first_used_at)
        VALUES (:calendar_version, :calendar_content, :first_used_at) ON CONFLICT DO NOTHING
    ), begun AS (
        INSERT INTO work_order ({COLUMNS})
        SELECT {COLUMNS}
        FROM jsonb_populate_recordset(CAST(NULL AS work_order), CAST(:orders AS jsonb))
        ORDER BY order_id
        ON CONFLICT (order_id) DO NOTHING RETURNING order_id, version, state, due_at
    ), first_steps AS (
        INSERT INTO work_order_event
            (order_id, version, act, actor, at, from_state, to_state, reason, note, due_at)
        SELECT order_id, version, act, actor, at, NULL, state, NULL, NULL, due_at
        FROM begun JOIN unnest(
            CAST(:order_ids AS uuid[]), CAST(:acts AS text[]), CAST(:actors AS text[]),
            CAST(:times AS timestamptz[])) AS step (order_id, act, actor, at) USING (order_id)
    ), timers AS (
        INSERT INTO deadline (order_id, kind, due_at)
        SELECT order_id, kind, timer.due_at FROM begun JOIN unnest(
            CAST(:timed AS uuid[]), CAST(:timer_kinds AS text[]),
            CAST(:timer_times AS timestamptz[])) AS timer (order_id, kind, due_at) USING (order_id)
    )
    SELECT order_id FROM begun
""")  # noqa: S608 - column names of ours.


async def begin(connection: AsyncConnection, moves: Sequence[Move]) -> set[UUID]:
    """Keep orders with their first steps and timers; which of them are new to their causes."""
    orders = [move.order for move in moves]
    timers = [(order.order_id, timer) for order in orders for timer in order.timers]
    begun = await connection.execute(
        _BEGIN,
        {
            "calendar_version": orders[0].clock.deadline.calendar_version,
            "calendar_content": calendars.content(),
            "first_used_at": moves[0].at,
            "orders": to_json([order_row(order) for order in orders]).decode(),
            "order_ids": [order.order_id for order in orders],
            "acts": [move.act for move in moves],
            "actors": [move.actor for move in moves],
            "times": [move.at for move in moves],
            "timed": [order_id for order_id, _ in timers],
            "timer_kinds": [timer.kind for _, timer in timers],
            "timer_times": [timer.due_at for _, timer in timers],
        },
    )
    return {row.order_id for row in begun}
