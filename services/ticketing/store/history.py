"""The history of orders: one row for every version, added and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.order import Move
from services.ticketing.domain.states import Act, State

STEPS_MAX = 200  # an order that moved so often has another problem than its page

_INSERT = text("""
    INSERT INTO work_order_event
        (order_id, version, act, actor, at, from_state, to_state, reason, note, due_at)
    SELECT * FROM unnest(
        CAST(:order_ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:acts AS text[]),
        CAST(:actors AS text[]), CAST(:times AS timestamptz[]), CAST(:sources AS text[]),
        CAST(:targets AS text[]), CAST(:reasons AS text[]), CAST(:notes AS text[]),
        CAST(:due AS timestamptz[]))
""")


async def insert(connection: AsyncConnection, moves: Sequence[Move]) -> None:
    await connection.execute(
        _INSERT,
        {
            "order_ids": [move.order.order_id for move in moves],
            "versions": [move.order.version for move in moves],
            "acts": [move.act for move in moves],
            "actors": [move.actor for move in moves],
            "times": [move.at for move in moves],
            "sources": [move.from_state for move in moves],
            "targets": [move.order.state for move in moves],
            "reasons": [move.reason for move in moves],
            "notes": [move.note for move in moves],
            "due": [move.order.due_at for move in moves],
        },
    )


@dataclass(frozen=True)
class Step:
    """One line of an order's history."""

    version: int
    act: Act
    actor: str
    at: datetime
    from_state: State | None
    to_state: State
    reason: str | None
    note: str | None
    due_at: datetime


_READ = text("""
    SELECT version, act, actor, at, from_state, to_state, reason, note, due_at
    FROM work_order_event WHERE order_id = :order_id AND version > :after
    ORDER BY version DESC LIMIT :most
""")


async def steps_of(connection: AsyncConnection, order_id: UUID, *, after: int = 0) -> list[Step]:
    """What happened to an order after a version of it, the newest first."""
    rows = await connection.execute(
        _READ, {"order_id": order_id, "after": after, "most": STEPS_MAX}
    )
    return [
        Step(
            version=row.version,
            act=Act(row.act),
            actor=row.actor,
            at=row.at,
            from_state=State(row.from_state) if row.from_state else None,
            to_state=State(row.to_state),
            reason=row.reason,
            note=row.note,
            due_at=row.due_at,
        )
        for row in rows
    ]
