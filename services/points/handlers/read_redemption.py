"""Somebody looks a redemption up: what it was for, and which lots paid."""

from uuid import UUID

from services.points.store import customers, redemptions
from services.points.store.redemptions import Movements, Redemption
from shared.database import UnitOfWork
from shared.errors import NotFound


async def read_redemption(
    customer_id: int, redemption_id: UUID, uow: UnitOfWork
) -> tuple[Redemption, Movements]:
    """The redemption and what it moved.

    Raises:
        NotFound: no such redemption that the caller may see.
    """
    await customers.visible(uow.connection, customer_id)
    redemption = await redemptions.find(uow.connection, customer_id, redemption_id)
    if redemption is None:
        raise NotFound(f"No redemption {redemption_id} of this customer")
    return redemption, await redemptions.movements_of(uow.connection, redemption)
