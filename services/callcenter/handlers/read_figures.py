"""A supervisor asks how it goes: one answer, as of one snapshot (KP-12, KP-22)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.callcenter.store import figures
from services.callcenter.store.figures import Count, Reach
from shared.database import UnitOfWork


@dataclass(frozen=True)
class Figures:
    proposals: Sequence[Count]
    tasks: Sequence[Count]
    contacts: Sequence[Count]
    agreements: Sequence[Count]
    reach: Reach
    cap_broken: int


async def read_figures(uow: UnitOfWork) -> Figures:
    return Figures(
        proposals=await figures.proposals(uow.connection),
        tasks=await figures.tasks(uow.connection),
        contacts=await figures.contacts(uow.connection),
        agreements=await figures.agreements(uow.connection),
        reach=await figures.reach(uow.connection),
        cap_broken=await figures.cap_broken(uow.connection),
    )
