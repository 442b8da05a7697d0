"""What the tests of the ledger hold in their hands: a database, its roles, facts that go in."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from services.points.handlers.on_bills_issued import on_bills_issued
from services.points.handlers.on_customer_profiles import on_customer_profiles
from services.points.handlers.on_lots_opened import on_lots_opened
from shared.database import unit_of_work
from shared.events.billing import BillIssued, LotsOpened
from shared.events.customers import CustomerProfile, Tier
from shared.events.event import EventId

AsRole = Callable[..., dict[str, str]]
"""Headers of a caller, as the fixture `as_role` makes them."""

AT = datetime(2026, 3, 1, 2, tzinfo=UTC)


def a_bill(customer_id: int, **differs: object) -> BillIssued:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "bill",
        "at": AT,
        "customer_id": customer_id,
        "county": "990101",
        "bill_id": f"B{uuid4()}",
        "month": "2026-02",
        "amount_fen": 12_345,
    }
    return BillIssued.model_validate(fields | differs)


def opening_lots(customer_id: int, **differs: object) -> LotsOpened:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "customer",
        "at": AT,
        "customer_id": customer_id,
        "county": "990101",
        "programme": "standard",
        "cohort": 2025,
        "granted": 5_000,
        "spent": 1_200,
    }
    return LotsOpened.model_validate(fields | differs)


def a_profile(customer_id: int, **differs: object) -> CustomerProfile:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "customer",
        "sequence": 1,
        "at": AT,
        "customer_id": customer_id,
        "county": "990101",
        "tier": Tier.GOLD,
        "plan": "5G-128",
        "status_at": AT,
        "consent_at": AT,
    }
    return CustomerProfile.model_validate(fields | differs)


@dataclass(frozen=True)
class Ledger:
    """One migrated database; `worker` is the stream side's engine, `urls` name every role's."""

    urls: dict[str, str]
    worker: AsyncEngine

    async def bills(self, bills: Sequence[BillIssued]) -> None:
        async with unit_of_work(self.worker) as uow:
            await on_bills_issued(bills, uow)

    async def openings(self, lots: Sequence[LotsOpened]) -> None:
        async with unit_of_work(self.worker) as uow:
            await on_lots_opened(lots, uow)

    async def profile(self, profile: CustomerProfile) -> None:
        async with unit_of_work(self.worker) as uow:
            await on_customer_profiles([profile], uow)

    async def member(self, customer_id: int, *, points: int, county: str = "990101") -> int:
        """A customer whose branch knows them, with so many points of cohort 2025."""
        await self.profile(a_profile(customer_id, county=county))
        await self.openings(
            [opening_lots(customer_id, county=county, granted=points, spent=0, cohort=2025)]
        )
        return customer_id

    async def two_lots(self, customer_id: int) -> None:
        """50 points that clear first and 100 that clear later."""
        await self.profile(a_profile(customer_id))
        await self.openings(
            [
                opening_lots(customer_id, cohort=2025, granted=100, spent=0),
                opening_lots(customer_id, cohort=2024, granted=50, spent=0),
            ]
        )

    async def spent(self, customer_id: int) -> list[tuple[int, int, int]]:
        """Cohort, granted and spent of each lot."""
        rows = await self.rows(
            "SELECT cohort, granted, spent FROM lot WHERE customer_id = $1 ORDER BY cohort",
            customer_id,
        )
        return [tuple(row) for row in rows]

    async def rows(self, query: str, *values: object) -> list[Any]:
        """What the schema's owner sees: everything."""
        async with self.connected() as connection:
            return await connection.fetch(query, *values)

    @asynccontextmanager
    async def connected(self, role: str = "migrate") -> AsyncGenerator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.urls[role])
        try:
            if role == "superuser":
                await connection.execute("SET search_path = points, holdfast")
            yield connection
        finally:
            await connection.close()


def redemptions(customer: int) -> str:
    return f"/v1/customers/{customer}/redemptions"


def asked(points: int) -> dict[str, Any]:
    return {"points": points, "family": "service", "item": "airport-lounge"}


async def redeemed(
    client: httpx2.AsyncClient, as_role: AsRole, customer: int, points: int
) -> tuple[str, str]:
    answer = await client.post(redemptions(customer), json=asked(points), headers=as_role())
    assert answer.status_code == 201
    path = f"{redemptions(customer)}/{answer.json()['redemption_id']}/reversals"
    return path, answer.headers["etag"]
