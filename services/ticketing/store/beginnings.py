"""An order begins: what must be known before, and all its rows, one statement each.

A counter waits for it and a morning's agreements come in hundreds, so round trips count.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.order import Move
from services.ticketing.store import calendars
from services.ticketing.store.customers import Customer
from services.ticketing.store.orders import COLUMNS, VALUES, order_row
from shared.events.customers import Tier


@dataclass(frozen=True)
class Ground:
    """What an order begins on; `serial` is None when it must not begin (again)."""

    customer: Customer | None
    serial: int | None


# The sequence is asked only where an order will be: gaps are allowed, but not one a repeat.
_GROUND = text("""
    SELECT c.county, c.tier, c.manager, CASE
        WHEN EXISTS (SELECT FROM work_order w WHERE w.order_id = :order_id) THEN NULL
        WHEN EXISTS (SELECT FROM withdrawn_agreement a WHERE a.agreement_id = :agreement) THEN NULL
        ELSE nextval('order_number') END AS serial
    FROM (SELECT) AS one LEFT JOIN customer c ON c.customer_id = :customer
""")


async def ground(
    connection: AsyncConnection, order_id: UUID, customer_id: int, *, agreement: UUID | None = None
) -> Ground:
    """What is known of the customer, and the next number if there is an order to begin."""
    found = await connection.execute(
        _GROUND, {"order_id": order_id, "customer": customer_id, "agreement": agreement}
    )
    row = found.one()
    known = Customer(row.county, Tier(row.tier), row.manager) if row.county else None
    return Ground(known, row.serial)


_BEGIN = text(f"""
    WITH calendar AS (
        INSERT INTO calendar_version (version, content, first_used_at)
        VALUES (:calendar_version, :calendar_content, :at) ON CONFLICT DO NOTHING
    ), begun AS (
        INSERT INTO work_order ({COLUMNS}) VALUES ({VALUES})
        ON CONFLICT (order_id) DO NOTHING RETURNING order_id
    ), first_step AS (
        INSERT INTO work_order_event
            (order_id, version, act, actor, at, from_state, to_state, reason, note, due_at)
        SELECT order_id, :version, :act, :actor, :at, NULL, :state, NULL, NULL, :due_at FROM begun
    ), timers AS (
        INSERT INTO deadline (order_id, kind, due_at)
        SELECT order_id, kind, t.due_at FROM begun, unnest(
            CAST(:timer_kinds AS text[]), CAST(:timer_times AS timestamptz[])) AS t (kind, due_at)
    )
    SELECT true FROM begun
""")  # noqa: S608 - column names of ours.


async def begin(connection: AsyncConnection, move: Move) -> bool:
    """Keep an order with its first step and its timers; False when its cause has one already."""
    timers = move.order.timers
    done = await connection.execute(
        _BEGIN,
        {
            **order_row(move.order),
            "act": move.act,
            "actor": move.actor,
            "at": move.at,
            "calendar_content": calendars.content(),
            "timer_kinds": [timer.kind for timer in timers],
            "timer_times": [timer.due_at for timer in timers],
        },
    )
    return done.one_or_none() is not None
