"""Somebody has a mail or a webhook sent once more, under the id that it had (TK-06)."""

from uuid import UUID

from services.ticketing.store import delivery_log
from shared.database import UnitOfWork
from shared.errors import NotFound


async def send_again(delivery_id: UUID, uow: UnitOfWork) -> str:
    """The state it is in afterwards; what is on its way already stays on its way.

    Raises:
        NotFound: the caller may see no such delivery.
    """
    state = await delivery_log.send_again(uow.connection, delivery_id)
    if state is None:
        raise NotFound(f"No delivery {delivery_id}")
    return state
