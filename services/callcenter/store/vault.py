"""Names and numbers of persons, and who looked at whom (contracts §4; CC-30).

Only the web role reaches these tables; no value of them is ever logged or told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import Forbidden
from shared.faults import sqlstate


@dataclass(frozen=True, repr=False)
class Person:
    """Who a customer is; without a repr, so that no message shows one by accident."""

    customer_id: int
    county: str
    number: str
    name: str


_FILL = text("""
    INSERT INTO vault AS v (customer_id, county, number, name)
    SELECT customer_id, county, number, name
    FROM unnest(CAST(:ids AS bigint[]), CAST(:counties AS text[]), CAST(:numbers AS text[]),
                CAST(:names AS text[])) AS p (customer_id, county, number, name)
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE
    SET county = excluded.county, number = excluded.number, name = excluded.name
""")


ROW_IS_ANOTHERS = "42501"  # what row-level security answers to a write


async def fill(connection: AsyncConnection, persons: Sequence[Person]) -> None:
    """Write persons over what was there, each customer once.

    Raises:
        Forbidden: one of them is, or was, outside the caller's organisation; nothing is written.
    """
    rows = {
        "ids": [p.customer_id for p in persons],
        "counties": [p.county for p in persons],
        "numbers": [p.number for p in persons],
        "names": [p.name for p in persons],
    }
    try:
        await connection.execute(_FILL, rows)
    except DBAPIError as error:
        if sqlstate(error) != ROW_IS_ANOTHERS:
            raise
        raise Forbidden("One of these persons is outside your organisation") from error


_PERSONS = text("""
    SELECT customer_id, county, number, name FROM vault
    WHERE customer_id = ANY(CAST(:ids AS bigint[])) ORDER BY customer_id
""")


async def persons(connection: AsyncConnection, customers: Sequence[int]) -> list[Person]:
    """Those of them that the caller's organisation may see."""
    rows = await connection.execute(_PERSONS, {"ids": customers})
    return [Person(**row) for row in rows.mappings()]


_SEARCH = text("""
    SELECT customer_id FROM vault
    WHERE number = :text OR name = :text OR tail = :text
    ORDER BY customer_id LIMIT :rows
""")


async def search(connection: AsyncConnection, wanted: str, rows: int) -> list[int]:
    """Customers by whole number, whole name, or the last four digits."""
    found = await connection.execute(_SEARCH, {"text": wanted, "rows": rows})
    return [row.customer_id for row in found]


Kind = Literal["cards", "search", "reveal"]

_NOTE = text("""
    INSERT INTO reveal (kind, caller, reason, customers, at)
    VALUES (:kind, :caller, :reason, CAST(:customers AS bigint[]), :at)
""")


@dataclass(frozen=True)
class Look:
    """Somebody looked at persons: one row, however many."""

    kind: Kind
    caller: str
    customers: Sequence[int]
    at: datetime
    reason: str | None = None


async def note(connection: AsyncConnection, look: Look) -> None:
    await connection.execute(_NOTE, vars(look))
