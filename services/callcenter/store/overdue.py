"""Tasks whose time is over, taken so that nobody who decides about their customers is met."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
    ids = [row.customer_id for row in due]
    if not ids:
        return []
    locked = await connection.execute(_LOCK_BUDGETS, {"ids": ids})
    found = await connection.execute(
        _OVERDUE_OF, {"ids": [row.customer_id for row in locked], "now": now}
    )
    return [task_of(row) for row in found.mappings()]
