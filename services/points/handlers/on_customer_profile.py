"""BOSS/CRM told a profile: keep county and tier, by which branches see and reminders go."""

from services.points.store import customers
from shared.database import UnitOfWork
from shared.events.customers import CustomerProfile


async def on_customer_profile(profile: CustomerProfile, uow: UnitOfWork) -> None:
    await customers.upsert(uow.connection, profile)
