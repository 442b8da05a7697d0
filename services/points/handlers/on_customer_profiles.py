"""BOSS/CRM told profiles: keep county and tier, by which branches see and reminders go."""

from collections.abc import Sequence

from services.points.store import customers
from shared.database import UnitOfWork
from shared.events.customers import CustomerProfile


async def on_customer_profiles(profiles: Sequence[CustomerProfile], uow: UnitOfWork) -> None:
    await customers.upsert(uow.connection, profiles)
