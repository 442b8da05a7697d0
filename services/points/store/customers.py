"""The customers as BOSS/CRM tells them: what row-level security and reminders go by."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import NotFound
from shared.events.customers import CustomerProfile

# A run may tell one customer twice; in sorted order no two partitions wait for each other's rows.
_UPSERT = text("""
    INSERT INTO customer AS kept (customer_id, county, tier, status, sequence)
    SELECT DISTINCT ON (customer_id) customer_id, county, tier, status, sequence
    FROM unnest(CAST(:customers AS bigint[]), CAST(:counties AS text[]), CAST(:tiers AS text[]),
                CAST(:statuses AS text[]), CAST(:sequences AS bigint[]))
        AS told (customer_id, county, tier, status, sequence)
    ORDER BY customer_id, sequence DESC
    ON CONFLICT (customer_id) DO UPDATE
    SET county = excluded.county, tier = excluded.tier, status = excluded.status,
        sequence = excluded.sequence
    WHERE kept.sequence < excluded.sequence
""")


async def upsert(connection: AsyncConnection, profiles: Sequence[CustomerProfile]) -> None:
    """Keep the newest profile of each customer; a lower sequence changes nothing."""
    await connection.execute(
        _UPSERT,
        {
            "customers": [profile.customer_id for profile in profiles],
            "counties": [profile.county for profile in profiles],
            "tiers": [profile.tier for profile in profiles],
            "statuses": [profile.status for profile in profiles],
            "sequences": [profile.sequence for profile in profiles],
        },
    )


@dataclass(frozen=True)
class Customer:
    customer_id: int
    county: str
    tier: str


_FIND = text("SELECT customer_id, county, tier FROM customer WHERE customer_id = :customer")


async def visible(connection: AsyncConnection, customer_id: int) -> Customer:
    """The customer, if the caller's organisation may see one: row-level security decides.

    Raises:
        NotFound: there is none, or it is another county's; the answer does not tell which.
    """
    row = (await connection.execute(_FIND, {"customer": customer_id})).one_or_none()
    if row is None:
        raise NotFound(f"No customer {customer_id}")
    return Customer(row.customer_id, row.county, row.tier)
