"""Tasks: opened, found, moved on, closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.domain.gate import Because
from services.callcenter.domain.task import Kind, NewTask, Queue, State
from shared.errors import NotFound
from shared.events.customers import Tier

_INSERT = text("""
    INSERT INTO task (task_id, customer_id, county, kind, grant_id, request_id, cause_id,
                      cause_type, reason, about, priority, tier, tier_rank, queue, owner, group_at,
                      owner_until, not_before, valid_until, state, opened_at)
    VALUES (:task_id, :customer_id, :county, :kind, :grant_id, :request_id, :cause_id, :cause_type,
            :reason, :about, :priority, :tier, :tier_rank, :queue, :owner, :group_at,
            clock_timestamp() + CAST(:owner_alone AS interval), :not_before, :valid_until, 'open',
            :opened_at)
    ON CONFLICT DO NOTHING RETURNING true
""")


async def insert(connection: AsyncConnection, task: NewTask) -> bool:
    """Open a task; False when the same cause opened it before."""
    derived = {
        "tier_rank": task.tier_rank,
        "queue": task.queue,
        "group_at": task.group_at,
        "owner_alone": task.owner_alone,
    }
    done = await connection.execute(_INSERT, vars(task) | derived)
    return done.one_or_none() is not None


@dataclass(frozen=True)
class Task:
    """A task as it stands; `state` as of the database's clock."""

    task_id: UUID
    customer_id: int
    county: str
    kind: Kind
    state: State
    because: str | None
    reason: str
    about: str
    priority: int
    tier: Tier
    queue: Queue
    owner: str | None
    holder: str | None
    held_until: datetime | None
    not_before: datetime
    valid_until: datetime
    call_back_at: datetime | None
    attempts: int
    grant_id: UUID | None
    request_id: str | None
    cause_id: str
    cause_type: str
    opened_at: datetime
    closed_at: datetime | None
    version: int


STATE = """CASE WHEN t.state <> 'open' THEN t.state
    WHEN t.held_until IS NULL OR t.held_until <= clock_timestamp() THEN 'waiting'
    WHEN t.accepted_at IS NULL THEN 'reserved' ELSE 'in_call' END"""

# A reservation that is over is nobody's; who holds a call keeps it until somebody else takes it.
COLUMNS = f"""t.task_id, t.customer_id, t.county, t.kind, {STATE} AS state, t.because, t.reason,
    t.about, t.priority, t.tier, t.queue, t.owner,
    CASE WHEN t.held_until > clock_timestamp() OR t.accepted_at IS NOT NULL
         THEN t.holder END AS holder,
    t.held_until, t.not_before, t.valid_until, t.call_back_at, t.attempts, t.grant_id, t.request_id,
    t.cause_id, t.cause_type, t.opened_at, t.closed_at, t.version"""

_FIND = f"SELECT {COLUMNS} FROM task t WHERE t.task_id = :task"  # noqa: S608 - constants.
_READ = text(_FIND)
_LOCK = text(f"{_FIND} FOR UPDATE")


async def visible(connection: AsyncConnection, task_id: UUID, *, lock: bool = False) -> Task:
    """The task, if the caller's organisation may see it; locked, if it is to change.

    Raises:
        NotFound: there is none, or it is another county's; the answer does not tell which.
    """
    rows = await connection.execute(_LOCK if lock else _READ, {"task": task_id})
    row = rows.mappings().one_or_none()
    if row is None:
        raise NotFound(f"No task {task_id}")
    return task_of(row)


def task_of(row: Mapping[Any, Any]) -> Task:
    """A task from a row of `COLUMNS`."""
    found: dict[str, Any] = {**row}
    codes: dict[str, Any] = {
        "kind": Kind(found.pop("kind")),
        "state": State(found.pop("state")),
        "tier": Tier(found.pop("tier")),
        "queue": Queue(found.pop("queue")),
    }
    return Task(**found | codes)


_LIST = text(f"""
    SELECT {COLUMNS} FROM task t
    WHERE (CAST(:state AS text) IS NULL OR {STATE} = :state)
      AND (CAST(:manager AS text) IS NULL OR t.owner = :manager OR t.holder = :manager)
      AND (CAST(:opened_at AS timestamptz) IS NULL
           OR (t.opened_at, t.task_id) < (:opened_at, CAST(:task AS uuid)))
    ORDER BY t.opened_at DESC, t.task_id DESC LIMIT :rows
""")  # noqa: S608 - constants.


async def page(
    connection: AsyncConnection,
    *,
    state: State | None,
    manager: str | None,
    before: tuple[datetime, UUID] | None,
    rows: int,
) -> list[Task]:
    """Tasks, newest first, behind `before`."""
    opened_at, task = before or (None, None)
    found = await connection.execute(
        _LIST,
        {"state": state, "manager": manager, "opened_at": opened_at, "task": task, "rows": rows},
    )
    return [task_of(row) for row in found.mappings()]


_OF_CUSTOMER = text(f"""
    SELECT {COLUMNS} FROM task t WHERE t.customer_id = :customer
    ORDER BY t.opened_at DESC, t.task_id DESC LIMIT :rows
""")  # noqa: S608 - constants.


async def of_customer(connection: AsyncConnection, customer_id: int, rows: int) -> list[Task]:
    found = await connection.execute(_OF_CUSTOMER, {"customer": customer_id, "rows": rows})
    return [task_of(row) for row in found.mappings()]


_CANCEL = text("""
    UPDATE task SET state = 'cancelled', because = :because, closed_at = :at, version = version + 1
    WHERE customer_id = :customer AND state = 'open' AND kind = ANY(CAST(:kinds AS text[]))
      AND (CAST(:grant AS uuid) IS NULL OR grant_id = :grant)
""")


async def cancel(
    connection: AsyncConnection,
    customer_id: int,
    because: Because | str,
    *,
    at: datetime,
    kinds: Sequence[Kind] = (Kind.CONTACT,),
    grant_id: UUID | None = None,
) -> None:
    """Close the open tasks of a customer, or that of one grant."""
    await connection.execute(
        _CANCEL,
        {
            "customer": customer_id,
            "because": because,
            "at": at,
            "kinds": list(kinds),
            "grant": grant_id,
        },
    )


_CLOSE = text("""
    UPDATE task SET state = :state, because = :because, closed_at = :at, attempts = :attempts,
        held_until = NULL, version = version + 1
    WHERE task_id = :task
""")


async def close(
    connection: AsyncConnection,
    task: Task,
    state: State,
    *,
    at: datetime,
    attempts: int,
    because: Because | None = None,
) -> None:
    """Done, or expired."""
    await connection.execute(
        _CLOSE,
        {
            "task": task.task_id,
            "state": state,
            "because": because,
            "at": at,
            "attempts": attempts,
        },
    )


_POSTPONE = text("""
    UPDATE task
    SET not_before = :not_before, group_at = :group_at, valid_until = :valid_until, owner = :owner,
        queue = :queue, call_back_at = :call_back_at, attempts = :attempts,
        holder = NULL, held_until = NULL, accepted_at = NULL, owner_until = NULL,
        version = version + 1
    WHERE task_id = :task
""")


@dataclass(frozen=True)
class Postponed:
    """The same task later."""

    not_before: datetime
    group_at: datetime
    valid_until: datetime
    owner: str | None
    queue: Queue
    call_back_at: datetime | None
    attempts: int


async def postpone(connection: AsyncConnection, task_id: UUID, later: Postponed) -> None:
    """Put it back into the queue."""
    await connection.execute(_POSTPONE, vars(later) | {"task": task_id})
