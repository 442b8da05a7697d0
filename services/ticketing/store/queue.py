"""The queue of a branch: nearest deadline first, then the more valuable customer (TK-17)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.order import Order
from services.ticketing.domain.states import OrderType, State
from services.ticketing.store.orders import COLUMNS, order_of


@dataclass(frozen=True)
class Wanted:
    """Which orders; None, or no state, means any."""

    states: tuple[State, ...] = ()
    order_type: OrderType | None = None
    county: str | None = None
    cause: str | None = None
    breached: bool | None = None
    numbered: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a page ended: an order's sort key."""

    due_at: datetime
    tier_rank: int
    number: str


@dataclass(frozen=True)
class Queued:
    order: Order
    place: Place


# Filters that are absent are absent from the statement too, so that an index serves the rest.
_FILTERS = {
    "states": "o.state = wanted.state",
    "order_type": "order_type = :order_type",
    "county": "county = :county",
    "cause": "cause = :cause",
    "breached": "(breached_at IS NOT NULL) = :breached",
    "numbered": "number = :numbered",
}
_AFTER = """(due_at, tier_rank, number) >
    (CAST(:due_at AS timestamptz), CAST(:tier_rank AS smallint), CAST(:number AS text))"""
_FIRST = "ORDER BY due_at, tier_rank, number LIMIT :rows"

# State by state, each by its index: closed orders are the oldest, and nobody waits for a walk
# through all of them.
_OF_EACH_STATE = """SELECT one.* FROM unnest(CAST(:states AS text[])) AS wanted (state)
    CROSS JOIN LATERAL ({found}) AS one"""


async def page(
    connection: AsyncConnection, wanted: Wanted, *, after: Place | None, rows: int
) -> list[Queued]:
    """The next orders behind `after`."""
    filters = {name: value for name, value in vars(wanted).items() if value not in (None, ())}
    conditions = [_FILTERS[name] for name in filters] + ([_AFTER] if after else [])
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    source = f"SELECT * FROM work_order o {where} {_FIRST}"  # noqa: S608 - ours, values are bound.
    if wanted.states:
        filters["states"] = list(dict.fromkeys(wanted.states))
        source = _OF_EACH_STATE.format(found=source)
    statement = text(f"SELECT {COLUMNS}, tier_rank FROM ({source}) AS found {_FIRST}")  # noqa: S608 - as above.
    values = {**filters, **(vars(after) if after else {}), "rows": rows}
    found = await connection.execute(statement, values)
    return [
        Queued(order_of(row), Place(row["due_at"], row["tier_rank"], row["number"]))
        for row in found.mappings()
    ]
