"""A branch or a dispatcher asks what there is to do, the most urgent first."""

from services.ticketing.store import queue
from services.ticketing.store.queue import Place, Queued, Wanted
from shared.database import UnitOfWork


async def read_orders(
    wanted: Wanted, uow: UnitOfWork, *, after: Place | None, rows: int
) -> list[Queued]:
    return await queue.page(uow.connection, wanted, after=after, rows=rows)
