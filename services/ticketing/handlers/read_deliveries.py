"""Somebody asks what became of mails and webhooks: what waits, what failed and why (TK-06)."""

from services.ticketing.store import delivery_log
from services.ticketing.store.delivery_log import Logged, Place, Wanted
from shared.database import UnitOfWork


async def read_deliveries(
    wanted: Wanted, uow: UnitOfWork, *, after: Place | None, rows: int
) -> list[Logged]:
    return await delivery_log.page(uow.connection, wanted, after=after, rows=rows)
