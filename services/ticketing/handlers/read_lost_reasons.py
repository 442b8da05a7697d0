"""Somebody must say why a customer was lost: the reasons to choose from (TK-12)."""

from services.ticketing.store import lost_reasons
from services.ticketing.store.lost_reasons import NamedReason
from shared.database import UnitOfWork


async def read_lost_reasons(uow: UnitOfWork) -> list[NamedReason]:
    return await lost_reasons.read(uow.connection)
