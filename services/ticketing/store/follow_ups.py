"""Proposals to call a customer about an order, and callcenter's answers."""

from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.follow_up import FollowUp, FollowUpState

_COLUMNS = "proposal_id, order_id, attempt, state, proposed_at, grant_id, again_at"

_INSERT = text(f"""
    INSERT INTO follow_up ({_COLUMNS})
    VALUES (:proposal_id, :order_id, :attempt, :state, :proposed_at, :grant_id, :again_at)
    ON CONFLICT DO NOTHING
""")  # noqa: S608 - column names of ours.

_UPDATE = text("""
    UPDATE follow_up SET attempt = :attempt, state = :state, proposed_at = :proposed_at,
        grant_id = :grant_id, again_at = :again_at
    WHERE proposal_id = :proposal_id
""")

_BY_PROPOSAL = text(f"SELECT {_COLUMNS} FROM follow_up WHERE proposal_id = :proposal_id")  # noqa: S608 - ours.
_BY_GRANT = text(f"SELECT {_COLUMNS} FROM follow_up WHERE grant_id = :grant_id")  # noqa: S608 - ours.
_OF_ORDER = text(f"""
    SELECT {_COLUMNS} FROM follow_up WHERE order_id = :order_id
    ORDER BY proposed_at DESC, proposal_id LIMIT 1
""")  # noqa: S608 - column names of ours.


async def insert(connection: AsyncConnection, follow_up: FollowUp) -> None:
    await connection.execute(_INSERT, vars(follow_up))


async def update(connection: AsyncConnection, follow_up: FollowUp) -> None:
    row = {name: value for name, value in vars(follow_up).items() if name != "order_id"}
    await connection.execute(_UPDATE, row)


async def by_proposal(connection: AsyncConnection, proposal_id: str) -> FollowUp | None:
    """The proposal, if it is one of ours: callcenter answers every service on one topic."""
    return await _one(connection, _BY_PROPOSAL, {"proposal_id": proposal_id})


async def by_grant(connection: AsyncConnection, grant_id: UUID) -> FollowUp | None:
    return await _one(connection, _BY_GRANT, {"grant_id": grant_id})


async def newest_of(connection: AsyncConnection, order_id: UUID) -> FollowUp | None:
    """The last proposal about this order."""
    return await _one(connection, _OF_ORDER, {"order_id": order_id})


async def _one(
    connection: AsyncConnection, statement: TextClause, values: dict[str, object]
) -> FollowUp | None:
    row = (await connection.execute(statement, values)).mappings().one_or_none()
    if row is None:
        return None
    columns: dict[str, Any] = {**row}
    return FollowUp(state=FollowUpState(columns.pop("state")), **columns)
