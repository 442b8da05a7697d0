"""Somebody asks how a balance came about: every entry, newest first (PT-18)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.points.store import customers, lots
from services.points.store.lots import Entry
from shared.database import UnitOfWork


async def read_statement(
    customer_id: int, uow: UnitOfWork, *, before: tuple[datetime, UUID] | None, rows: int
) -> Sequence[Entry]:
    """A page of entries behind `before`.

    Raises:
        NotFound: the caller may see no such customer.
    """
    await customers.visible(uow.connection, customer_id)
    return await lots.entries_of(uow.connection, customer_id, before=before, rows=rows)
