"""Somebody asks how the programme stands: members, points by cohort, redemptions, reminders."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.points.store import figures
from services.points.store.figures import Cohort, Redeemed, Reminders
from shared.database import UnitOfWork


@dataclass(frozen=True)
class Figures:
    """Sums over what the caller may see."""

    members: int
    cohorts: Sequence[Cohort]
    redeemed: Redeemed
    reminders: Sequence[Reminders]

    @property
    def entries(self) -> int:
        return sum(cohort.entries for cohort in self.cohorts)

    @property
    def granted(self) -> int:
        return sum(cohort.granted for cohort in self.cohorts)

    @property
    def spent(self) -> int:
        return sum(cohort.spent for cohort in self.cohorts)

    @property
    def available(self) -> int:
        return sum(cohort.available for cohort in self.cohorts)


async def read_figures(uow: UnitOfWork) -> Figures:
    return Figures(
        members=await figures.members(uow.connection),
        cohorts=await figures.cohorts(uow.connection),
        redeemed=await figures.redeemed(uow.connection),
        reminders=await figures.reminders(uow.connection),
    )
