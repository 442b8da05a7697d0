"""What was told to branches, as people look at it: the newest first, with every receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

RECEIPTS_MAX = 25  # more tries than a delivery has before it is given up


@dataclass(frozen=True)
class Wanted:
    """Which deliveries; None means any."""

    state: str | None = None
    order_no: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a page ended."""

    created_at: datetime
    delivery_id: UUID


@dataclass(frozen=True)
class Logged:
    """A delivery and what came of its tries, the newest first."""

    delivery_id: UUID
    order_id: UUID
    order_no: str
    county: str
    kind: str
    channel: str
    unit: str
    at: datetime
    created_at: datetime
    state: str
    attempts: int
    next_at: datetime
    settled_at: datetime | None
    sent_to: str | None
    status: int | None
    answer: str | None
    receipts: Sequence[dict[str, Any]]


_COLUMNS = """delivery_id, order_id, order_no, county, kind, channel, unit, at, created_at, state,
    attempts, next_at, settled_at, sent_to, status, answer"""
_FILTERS = {"state": "state = :state", "order_no": "order_no = :order_no"}
_AFTER = """(created_at, delivery_id) <
    (CAST(:created_at AS timestamptz), CAST(:delivery_id AS uuid))"""
_WITH_RECEIPTS = """
    SELECT d.*, coalesce(t.receipts, '[]') AS receipts FROM ({found}) AS d
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
                   'at', r.at, 'outcome', r.outcome, 'sent_to', r.sent_to,
                   'status', r.status, 'answer', r.answer) ORDER BY r.id DESC) AS receipts
        FROM (SELECT * FROM delivery_receipt WHERE delivery_id = d.delivery_id
              ORDER BY id DESC LIMIT :receipts) AS r
    ) AS t ON true
    ORDER BY d.created_at DESC, d.delivery_id DESC
"""


async def page(
    connection: AsyncConnection, wanted: Wanted, *, after: Place | None, rows: int
) -> list[Logged]:
    """The next deliveries behind `after`, of those that row-level security lets the caller see."""
    filters = {name: value for name, value in vars(wanted).items() if value is not None}
    conditions = [_FILTERS[name] for name in filters] + ([_AFTER] if after else [])
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    found = f"""SELECT {_COLUMNS} FROM delivery {where}
        ORDER BY created_at DESC, delivery_id DESC LIMIT :rows"""  # noqa: S608 - ours, values are bound.
    values = {**filters, **(vars(after) if after else {}), "rows": rows, "receipts": RECEIPTS_MAX}
    read = await connection.execute(text(_WITH_RECEIPTS.format(found=found)), values)
    return [Logged(**row) for row in read.mappings()]


_SEND_AGAIN = text("""
    UPDATE delivery SET state = 'waiting', attempts = 0, next_at = clock_timestamp(),
                        settled_at = NULL
    WHERE delivery_id = :delivery_id AND state IN ('delivered', 'failed')
    RETURNING true
""")
_STATE = text("SELECT state FROM delivery WHERE delivery_id = :delivery_id")


async def send_again(connection: AsyncConnection, delivery_id: UUID) -> str | None:
    """Let it be sent anew; the state it is in, which is `waiting` if that was done."""
    key = {"delivery_id": delivery_id}
    if await connection.scalar(_SEND_AGAIN, key):
        return "waiting"
    # What is on its way already is left to it.
    state: str | None = await connection.scalar(_STATE, key)
    return state
