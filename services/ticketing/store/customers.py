"""The customers as BOSS/CRM tells them, and whose they are as callcenter tells it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.callcenter import OwnerChanged
from shared.events.customers import CustomerProfile, Tier

# BOSS only seeds the manager, as in callcenter's portfolio; callcenter's word rules afterwards.
_UPSERT = text("""
    INSERT INTO customer AS kept (customer_id, county, tier, status, group_code, manager, sequence)
    SELECT * FROM unnest(
        CAST(:customers AS bigint[]), CAST(:counties AS text[]), CAST(:tiers AS text[]),
        CAST(:statuses AS text[]), CAST(:groups AS text[]), CAST(:managers AS text[]),
        CAST(:sequences AS bigint[])
    ) AS told (customer_id, county, tier, status, group_code, manager, sequence)
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE
    SET county = excluded.county, tier = excluded.tier, status = excluded.status,
        group_code = excluded.group_code, sequence = excluded.sequence,
        manager = coalesce(kept.manager, excluded.manager)
    WHERE kept.sequence < excluded.sequence
""")


async def upsert(connection: AsyncConnection, profiles: Sequence[CustomerProfile]) -> None:
    """Keep the newest profiles, one a customer; a lower sequence changes nothing."""
    await connection.execute(
        _UPSERT,
        {
            "customers": [p.customer_id for p in profiles],
            "counties": [p.county for p in profiles],
            "tiers": [p.tier for p in profiles],
            "statuses": [p.status for p in profiles],
            "groups": [p.group for p in profiles],
            "managers": [p.first_manager for p in profiles],
            "sequences": [p.sequence for p in profiles],
        },
    )


# A sequence below every profile's: whatever BOSS tells later fills the rest in.
_OWN = text("""
    INSERT INTO customer AS kept (customer_id, county, tier, status, manager, manager_at, sequence)
    SELECT customer_id, county, 'none', 'active', manager, at, -1
    FROM unnest(
        CAST(:customers AS bigint[]), CAST(:counties AS text[]), CAST(:managers AS text[]),
        CAST(:moments AS timestamptz[])
    ) AS told (customer_id, county, manager, at)
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE
    SET manager = excluded.manager, manager_at = excluded.manager_at
    WHERE kept.manager_at IS NULL OR kept.manager_at < excluded.manager_at
""")


async def change_owners(connection: AsyncConnection, told: Sequence[OwnerChanged]) -> None:
    """Keep the newest owners by event time, also of customers whose profiles are on their way.

    One fact a customer.
    """
    await connection.execute(
        _OWN,
        {
            "customers": [changed.customer_id for changed in told],
            "counties": [changed.county for changed in told],
            "managers": [changed.manager for changed in told],
            "moments": [changed.at for changed in told],
        },
    )


@dataclass(frozen=True)
class Customer:
    county: str
    tier: Tier
    manager: str | None


_FIND = text("SELECT county, tier, manager FROM customer WHERE customer_id = :customer")


async def find(connection: AsyncConnection, customer_id: int) -> Customer | None:
    row = (await connection.execute(_FIND, {"customer": customer_id})).one_or_none()
    return Customer(row.county, Tier(row.tier), row.manager) if row else None
