"""The queue: who may take which task next. Reservations and leases run by the database's clock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.store.tasks import COLUMNS, Task, task_of

RESERVATION_SECONDS = 60  # to accept (contracts §1)
LEASE_SECONDS = 90  # between two heartbeats of a call

_LIVE = "t.state = 'open' AND t.holder = :manager AND t.held_until > clock_timestamp()"

_HELD = text(f"""
    SELECT {COLUMNS} FROM task t WHERE {_LIVE} ORDER BY t.held_until DESC LIMIT 1
""")  # noqa: S608 - constants.


# Whoever asks twice at once is answered one after the other, with the same task.
_ONE_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/next/' || :manager, 0))
""")


async def held(connection: AsyncConnection, manager: str) -> Task | None:
    """What this manager has in hand already; until the transaction ends nobody else asks for it."""
    await connection.execute(_ONE_AT_A_TIME, {"manager": manager})
    row = (await connection.execute(_HELD, {"manager": manager})).mappings().one_or_none()
    return task_of(row) if row else None


# The inner statement skips what another manager is taking this moment; the outer one's row is
# locked, so nobody takes it between. `group_at` falls: who was asked and did not answer has had
# the turn. Row-level security shows these counties alone; named here, an index finds them.
# Nobody is called outside calling hours; a counter's customer stands in the store.
_RESERVE = text(f"""
    UPDATE task t
    SET holder = :manager, accepted_at = NULL, reservations = t.reservations + 1,
        held_until = clock_timestamp() + {RESERVATION_SECONDS} * interval '1 s',
        group_at = least(t.group_at, :now), version = t.version + 1
    WHERE t.task_id = (
        SELECT task_id FROM task q
        WHERE q.state = 'open' AND q.not_before <= :now AND q.valid_until > :now
          AND q.county BETWEEN :organisation AND CAST(:organisation AS text) || '999999'
          AND (q.queue = 0 OR CAST(:calling AS boolean))
          AND (q.held_until IS NULL OR q.held_until <= clock_timestamp())
          AND (q.owner IS NULL OR q.owner = :manager
               OR (q.group_at <= :now
                   AND (q.owner_until IS NULL OR q.owner_until <= clock_timestamp())))
        ORDER BY q.queue, q.owner IS DISTINCT FROM :manager, q.priority DESC, q.tier_rank,
                 q.not_before, q.task_id
        LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING {COLUMNS}, t.reservations
""")  # noqa: S608 - constants.

_NOTE = text("""
    INSERT INTO reservation (task_id, number, manager) VALUES (:task, :number, :manager)
""")


async def reserve(
    connection: AsyncConnection, manager: str, *, organisation: str, now: datetime, calling: bool
) -> Task | None:
    """The first task of the queue that this manager may have; None when there is none."""
    asked = {"manager": manager, "organisation": organisation, "now": now, "calling": calling}
    rows = await connection.execute(_RESERVE, asked)
    row = rows.mappings().one_or_none()
    if row is None:
        return None
    found = {**row}
    number = found.pop("reservations")
    await connection.execute(
        _NOTE, {"task": found["task_id"], "number": number, "manager": manager}
    )
    return task_of(found)


_EXTEND = f"clock_timestamp() + {LEASE_SECONDS} * interval '1 s'"

_ACCEPT = text(f"""
    UPDATE task t SET accepted_at = coalesce(t.accepted_at, clock_timestamp()),
        held_until = {_EXTEND}, version = t.version + 1
    WHERE t.task_id = :task AND {_LIVE}
    RETURNING {COLUMNS}, t.reservations
""")  # noqa: S608 - constants.

_NOTE_ACCEPTED = text("""
    UPDATE reservation SET accepted_at = clock_timestamp()
    WHERE task_id = :task AND number = :number AND accepted_at IS NULL
""")


async def accept(connection: AsyncConnection, task_id: UUID, manager: str) -> Task | None:
    """Turn a live reservation into a lease; None when it is not this manager's any more."""
    rows = await connection.execute(_ACCEPT, {"task": task_id, "manager": manager})
    row = rows.mappings().one_or_none()
    if row is None:
        return None
    found = {**row}
    await connection.execute(_NOTE_ACCEPTED, {"task": task_id, "number": found.pop("reservations")})
    return task_of(found)


_HEARTBEAT = text(f"""
    UPDATE task t SET held_until = {_EXTEND}
    WHERE t.task_id = :task AND {_LIVE} AND t.accepted_at IS NOT NULL
    RETURNING {COLUMNS}
""")  # noqa: S608 - constants.


async def heartbeat(connection: AsyncConnection, task_id: UUID, manager: str) -> Task | None:
    """Keep a lease; None when it is over."""
    rows = await connection.execute(_HEARTBEAT, {"task": task_id, "manager": manager})
    row = rows.mappings().one_or_none()
    return task_of(row) if row else None


@dataclass(frozen=True)
class Turn:
    """Who was asked for a task, and whether they took it."""

    manager: str
    reserved_at: datetime
    accepted_at: datetime | None


_TURNS = text("""
    SELECT manager, reserved_at, accepted_at FROM reservation WHERE task_id = :task
    ORDER BY number DESC LIMIT 20
""")


async def turns(connection: AsyncConnection, task_id: UUID) -> list[Turn]:
    rows = await connection.execute(_TURNS, {"task": task_id})
    return [Turn(**row) for row in rows.mappings()]
