"""What falls due, taken so that nobody who decides about the same customers is met."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.store import proposals
from services.callcenter.store.proposals import Proposed
from services.callcenter.store.tasks import COLUMNS, Task, task_of

# Whoever is on the telephone finishes; the reservation's end brings the task back here.
_OVERDUE = text("""
    SELECT DISTINCT customer_id FROM task
    WHERE state = 'open' AND valid_until <= :now
      AND (held_until IS NULL OR held_until <= clock_timestamp())
    ORDER BY customer_id LIMIT :rows
""")
_LOCK_BUDGETS = text("""
    SELECT customer_id FROM contact_budget WHERE customer_id = ANY(CAST(:ids AS bigint[]))
    ORDER BY customer_id FOR UPDATE SKIP LOCKED
""")
_OVERDUE_OF = text(f"""
    SELECT {COLUMNS} FROM task t
    WHERE t.customer_id = ANY(CAST(:ids AS bigint[])) AND t.state = 'open' AND t.valid_until <= :now
      AND (t.held_until IS NULL OR t.held_until <= clock_timestamp())
    ORDER BY t.valid_until, t.task_id FOR UPDATE
""")  # noqa: S608 - constants.


async def tasks_overdue(connection: AsyncConnection, now: datetime, customers: int) -> list[Task]:
    """Open tasks whose time is over, of some customers whose budgets are locked with this.

    Everybody else locks the budget before the task, so this does, too.
    """
    due = await connection.execute(_OVERDUE, {"now": now, "rows": customers})
    held = await _held(connection, [row.customer_id for row in due])
    if not held:
        return []
    found = await connection.execute(_OVERDUE_OF, {"ids": held, "now": now})
    return [task_of(row) for row in found.mappings()]


async def _held(connection: AsyncConnection, customers: Sequence[int]) -> list[int]:
    """Those of them whose budgets nobody else has locked, locked."""
    if not customers:
        return []
    locked = await connection.execute(_LOCK_BUDGETS, {"ids": customers})
    return [row.customer_id for row in locked]


_WAITING = text("""
    SELECT DISTINCT p.customer_id FROM proposal p LEFT JOIN customer c USING (customer_id)
    WHERE p.state = 'waiting' AND (p.valid_until <= :now OR c.customer_id IS NOT NULL)
    ORDER BY p.customer_id LIMIT :rows
""")


async def proposals_waiting(
    connection: AsyncConnection, now: datetime, customers: int
) -> list[Proposed]:
    """Proposals that wait although their time is over, or their customer is known by now."""
    due = await connection.execute(_WAITING, {"now": now, "rows": customers})
    held = await _held(connection, [row.customer_id for row in due])
    return await proposals.waiting(connection, held) if held else []
