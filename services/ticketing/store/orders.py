"""Work orders: find one, lock some, keep what became of them."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.deadlines import Deadline
from services.ticketing.domain.order import Brief, Order, OrderClock, Work
from services.ticketing.domain.states import OrderType, Result, Stage, State
from shared.events.customers import Tier

_BRIEF = tuple(field.name for field in fields(Brief))
_WORK = tuple(field.name for field in fields(Work))
_MUTABLE = (
    "county",
    "state",
    "version",
    "moved_at",
    "due_at",
    "deadline",
    "calendar_version",
    "stage",
    "paused_at",
    "breached_at",
    "escalation_level",
    *_WORK,
)
COLUMNS = ", ".join((*_BRIEF, *_MUTABLE))


def _value_of(column: str) -> str:
    return "CAST(:deadline AS jsonb)" if column == "deadline" else f":{column}"


_UPDATE = text(f"""
    UPDATE work_order SET {", ".join(f"{name} = {_value_of(name)}" for name in _MUTABLE)}
    WHERE order_id = :order_id
""")  # noqa: S608 - column names of ours.

_FIND = text(f"SELECT {COLUMNS} FROM work_order WHERE order_id = :order_id")  # noqa: S608 - ours.
_LOCK = text(f"""
    SELECT {COLUMNS} FROM work_order WHERE order_id = ANY(CAST(:order_ids AS uuid[]))
    ORDER BY order_id FOR UPDATE
""")  # noqa: S608 - column names of ours.
# All of them, whatever their state: one that is being reopened at this moment counts as well.
_LOCK_OF_CUSTOMERS = text(f"""
    SELECT {COLUMNS} FROM work_order WHERE customer_id = ANY(CAST(:customers AS bigint[]))
    ORDER BY order_id FOR UPDATE
""")  # noqa: S608 - column names of ours.


def order_row(order: Order) -> dict[str, Any]:
    """The values of `COLUMNS`, by name, for a row in JSON."""
    row = {**_brief_row(order.brief), **_mutable_row(order)}
    row["deadline"] = order.clock.deadline
    return row


async def update(connection: AsyncConnection, held: Sequence[Order]) -> None:
    """Keep orders that `lock` holds; sent together, answered together."""
    rows = [{"order_id": order.order_id, **_mutable_row(order)} for order in held]
    await connection.execute(_UPDATE, rows)


async def find(connection: AsyncConnection, order_id: UUID) -> Order | None:
    """The order, if the caller's organisation may see it: row-level security decides."""
    row = (await connection.execute(_FIND, {"order_id": order_id})).mappings().one_or_none()
    return order_of(row) if row else None


async def lock(connection: AsyncConnection, order_ids: Sequence[UUID]) -> list[Order]:
    """These orders, locked until the transaction ends: whoever moves one waits here."""
    rows = await connection.execute(_LOCK, {"order_ids": list(order_ids)})
    return [order_of(row) for row in rows.mappings()]


async def lock_of_customers(connection: AsyncConnection, customers: Sequence[int]) -> list[Order]:
    """All orders of these customers, locked."""
    rows = await connection.execute(_LOCK_OF_CUSTOMERS, {"customers": sorted(customers)})
    return [order_of(row) for row in rows.mappings()]


def _brief_row(brief: Brief) -> dict[str, Any]:
    return {name: getattr(brief, name) for name in _BRIEF}


def _mutable_row(order: Order) -> dict[str, Any]:
    clock = order.clock
    return {
        "county": order.county,
        "state": order.state,
        "version": order.version,
        "moved_at": order.moved_at,
        "due_at": order.due_at,
        "deadline": clock.deadline.model_dump_json(),
        "calendar_version": clock.deadline.calendar_version,
        "stage": int(clock.stage),
        "paused_at": clock.paused_at,
        "breached_at": clock.breached_at,
        "escalation_level": clock.escalation_level,
        **{name: getattr(order.work, name) for name in _WORK},
    }


def order_of(row: RowMapping) -> Order:
    """The order that a row of `work_order` keeps."""
    values: dict[str, Any] = {**row}
    values["order_type"] = OrderType(row["order_type"])
    values["tier"] = Tier(row["tier"])
    values["result"] = Result(row["result"]) if row["result"] else None
    return Order(
        brief=Brief(**{name: values[name] for name in _BRIEF}),
        county=row["county"],
        state=State(row["state"]),
        clock=OrderClock(
            deadline=Deadline.model_validate(row["deadline"]),
            stage=Stage(row["stage"]),
            paused_at=row["paused_at"],
            breached_at=row["breached_at"],
            escalation_level=row["escalation_level"],
        ),
        moved_at=row["moved_at"],
        work=Work(**{name: values[name] for name in _WORK}),
        version=row["version"],
    )
