"""The customers as BOSS/CRM tells them: what row-level security and reminders go by."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import NotFound
from shared.events.customers import CustomerProfile

_UPSERT = text("""
    INSERT INTO customer AS kept (customer_id, county, tier, status, sequence)
    VALUES (:customer_id, :county, :tier, :status, :sequence)
    ON CONFLICT (customer_id) DO UPDATE
    SET county = excluded.county, tier = excluded.tier, status = excluded.status,
        sequence = excluded.sequence
    WHERE kept.sequence < excluded.sequence
""")


async def upsert(connection: AsyncConnection, profile: CustomerProfile) -> None:
    """Keep the newest profile; a lower sequence changes nothing."""
    await connection.execute(
        _UPSERT,
        {
            "customer_id": profile.customer_id,
            "county": profile.county,
            "tier": profile.tier,
            "status": profile.status,
            "sequence": profile.sequence,
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
