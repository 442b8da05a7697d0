"""Somebody asks what a customer has, and when it clears (PT-18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.points.domain.programme import STANDARD, business_day
from services.points.store import customers, lots, programmes
from services.points.store.lots import Lot
from shared.database import UnitOfWork


@dataclass(frozen=True)
class Balance:
    """The sum over the lots, and the lots, the one that clears first before the others."""

    available: int
    pending: int
    held: int
    value_fen: int
    lots: Sequence[Lot]


async def read_balance(customer_id: int, at: datetime, uow: UnitOfWork) -> Balance:
    """The balance as of now.

    Raises:
        NotFound: the caller may see no such customer.
    """
    await customers.visible(uow.connection, customer_id)
    kept = await lots.lots_of(uow.connection, customer_id)
    available = sum(lot.available for lot in kept)
    known = await programmes.read(uow.connection)
    return Balance(
        available=available,
        pending=sum(lot.pending for lot in kept),
        held=sum(lot.held for lot in kept),
        value_fen=known.in_force(STANDARD, business_day(at)).value_fen(available),
        lots=kept,
    )
