"""Somebody asks how ticketing stands: orders by state, breaches, losses, medians."""

from services.ticketing.store import figures
from services.ticketing.store.figures import Figures
from shared.database import UnitOfWork


async def read_figures(uow: UnitOfWork) -> Figures:
    return await figures.read(uow.connection)
