"""callcenter gave a customer to another manager: orders show whose the customer is now."""

from services.ticketing.store import customers
from shared.database import UnitOfWork
from shared.events.callcenter import OwnerChanged


async def on_owner_changed(changed: OwnerChanged, uow: UnitOfWork) -> None:
    await customers.change_owner(uow.connection, changed)
