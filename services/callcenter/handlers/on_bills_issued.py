"""Bills were issued: who talks to a customer sees the last ones (CC-14)."""

from collections.abc import Sequence

from services.callcenter.store import follow
from shared.database import UnitOfWork
from shared.events.billing import BillIssued


async def on_bills_issued(bills: Sequence[BillIssued], uow: UnitOfWork) -> None:
    await follow.add_bills(uow.connection, bills)
