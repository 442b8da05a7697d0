"""Customers as BOSS/CRM tells them, and whose they are: county, tier, portfolio."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import NotFound
from shared.events.customers import CustomerProfile, CustomerStatus, Tier

_UPSERT = text("""
    INSERT INTO customer AS kept (customer_id, county, tier, status, plan, credit, group_code,
                                  joined_on, birthday_month, contracts, sequence)
    SELECT * FROM unnest(
        CAST(:ids AS bigint[]), CAST(:counties AS text[]), CAST(:tiers AS text[]),
        CAST(:statuses AS text[]), CAST(:plans AS text[]), CAST(:credits AS int[]),
        CAST(:groups AS text[]), CAST(:joined AS date[]), CAST(:birthdays AS int[]),
        CAST(:contracts AS jsonb[]), CAST(:sequences AS bigint[]))
    ON CONFLICT (customer_id) DO UPDATE
    SET county = excluded.county, tier = excluded.tier, status = excluded.status,
        plan = excluded.plan, credit = excluded.credit, group_code = excluded.group_code,
        joined_on = excluded.joined_on, birthday_month = excluded.birthday_month,
        contracts = excluded.contracts, sequence = excluded.sequence
    WHERE kept.sequence < excluded.sequence
""")


async def upsert(connection: AsyncConnection, profiles: Sequence[CustomerProfile]) -> None:
    """Keep the newest profile of each; a lower sequence changes nothing. Sorted, one each."""
    await connection.execute(
        _UPSERT,
        {
            "ids": [p.customer_id for p in profiles],
            "counties": [p.county for p in profiles],
            "tiers": [p.tier for p in profiles],
            "statuses": [p.status for p in profiles],
            "plans": [p.plan for p in profiles],
            "credits": [p.credit for p in profiles],
            "groups": [p.group for p in profiles],
            "joined": [p.joined_on for p in profiles],
            "birthdays": [p.birthday_month for p in profiles],
            "contracts": [
                json.dumps([c.model_dump(mode="json") for c in p.contracts]) for p in profiles
            ],
            "sequences": [p.sequence for p in profiles],
        },
    )


# A task goes with its customer to the county that serves them now.
_MOVE_TASKS = text("""
    UPDATE task SET county = c.county, version = task.version + 1
    FROM customer c
    WHERE c.customer_id = ANY(CAST(:ids AS bigint[])) AND task.customer_id = c.customer_id
      AND task.state = 'open' AND task.county <> c.county
""")


async def move_open_tasks(connection: AsyncConnection, customers: Sequence[int]) -> None:
    await connection.execute(_MOVE_TASKS, {"ids": customers})


# The answer is of before the insert: whose customer was another's already.
_SEED = text("""
    WITH told AS (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:managers AS text[]),
                             CAST(:times AS timestamptz[])) AS t (customer_id, manager, since)
    ), seeded AS (
        INSERT INTO portfolio (customer_id, manager, since) SELECT * FROM told
        ON CONFLICT DO NOTHING
    )
    SELECT customer_id, p.manager FROM told JOIN portfolio p USING (customer_id)
    WHERE p.manager <> told.manager
""")


async def seed_portfolio(
    connection: AsyncConnection, profiles: Sequence[CustomerProfile]
) -> dict[int, str]:
    """Give customers without a manager the first one BOSS names.

    Answer the managers of those whom BOSS gives to another one than they have.
    """
    first = [p for p in profiles if p.first_manager is not None]
    if not first:
        return {}
    rows = await connection.execute(
        _SEED,
        {
            "ids": [p.customer_id for p in first],
            "managers": [p.first_manager for p in first],
            "times": [p.at for p in first],
        },
    )
    return {row.customer_id: row.manager for row in rows}


@dataclass(frozen=True)
class Customer:
    """A customer as the gate and the desk need them."""

    customer_id: int
    county: str
    tier: Tier
    status: CustomerStatus
    plan: str
    credit: int
    group_code: str | None
    joined_on: date | None
    birthday_month: int | None
    contracts: Sequence[dict[str, Any]]
    manager: str | None
    managed_since: datetime | None


_FIND = text("""
    SELECT c.customer_id, c.county, c.tier, c.status, c.plan, c.credit, c.group_code, c.joined_on,
           c.birthday_month, c.contracts, p.manager, p.since AS managed_since
    FROM customer c LEFT JOIN portfolio p USING (customer_id)
    WHERE c.customer_id = :customer
""")


async def find(connection: AsyncConnection, customer_id: int) -> Customer | None:
    """The customer, unless nobody told us of one, or it is not this caller's."""
    row = (await connection.execute(_FIND, {"customer": customer_id})).mappings().one_or_none()
    return _customer({**row}) if row else None


def _customer(row: dict[str, Any]) -> Customer:
    tier, status = Tier(row.pop("tier")), CustomerStatus(row.pop("status"))
    return Customer(tier=tier, status=status, **row)


async def visible(connection: AsyncConnection, customer_id: int) -> Customer:
    """The customer, if the caller's organisation may see one: row-level security decides.

    Raises:
        NotFound: there is none, or it is another county's; the answer does not tell which.
    """
    customer = await find(connection, customer_id)
    if customer is None:
        raise NotFound(f"No customer {customer_id}")
    return customer
