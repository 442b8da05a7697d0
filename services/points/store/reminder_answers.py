"""What callcenter answers to a proposed reminder; facts of others' proposals change nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.domain.reminder import State


@dataclass(frozen=True)
class Proposed:
    """A reminder that waits for its answer."""

    attempts: int
    ends_on: date


_FIND = text("""
    SELECT attempt, ends_on FROM reminder
    WHERE customer_id = :customer AND proposal_id = :proposal AND state = 'proposed'
    FOR UPDATE
""")


async def lock_proposed(
    connection: AsyncConnection, customer_id: int, proposal_id: str
) -> Proposed | None:
    """The reminder of a proposal, if it is one of ours and not answered yet."""
    row = (
        await connection.execute(_FIND, {"customer": customer_id, "proposal": proposal_id})
    ).one_or_none()
    return Proposed(row.attempt, row.ends_on) if row else None


_DECLINE = text("""
    UPDATE reminder SET state = :state, because = :because, due_at = :again_at
    WHERE customer_id = :customer AND proposal_id = :proposal
""")


async def decline(
    connection: AsyncConnection,
    customer_id: int,
    proposal_id: str,
    *,
    because: str,
    again_at: datetime | None,
) -> State:
    """Keep the reason; with `again_at` the reminder is due once more then."""
    state = State.DECLINED if again_at is None else State.WAITING
    await connection.execute(
        _DECLINE,
        {
            "customer": customer_id,
            "proposal": proposal_id,
            "state": state,
            "because": because,
            "again_at": again_at,
        },
    )
    return state


_GRANT = text("""
    UPDATE reminder SET state = 'granted', grant_id = :grant
    WHERE customer_id = :customer AND proposal_id = :proposal AND state = 'proposed'
    RETURNING true
""")


async def grant(
    connection: AsyncConnection, customer_id: int, proposal_id: str, *, grant_id: UUID
) -> bool:
    """Keep the grant; False when the proposal is none of ours."""
    values = {"customer": customer_id, "proposal": proposal_id, "grant": grant_id}
    return bool(await connection.scalar(_GRANT, values))


_CLOSE = text("""
    UPDATE reminder SET state = :state
    WHERE customer_id = :customer AND grant_id = :grant AND state = 'granted'
    RETURNING true
""")


async def close(
    connection: AsyncConnection, customer_id: int, grant_id: UUID, *, state: State
) -> bool:
    """End what a grant began; False when the grant is none of ours."""
    values = {"customer": customer_id, "grant": grant_id, "state": state}
    return bool(await connection.scalar(_CLOSE, values))
