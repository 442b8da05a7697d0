"""The ledger and the reminders in figures, of whatever customers the caller may see."""

from collections.abc import Sequence
from datetime import date

from services.points.api.routes import Shown, router
from services.points.domain.reminder import State
from services.points.handlers.read_figures import read_figures as figures_now
from shared.web.transaction import Transaction


class CohortShown(Shown):
    """All lots of one points year."""

    programme: str
    cohort: int
    clears_on: date
    lots: int
    entries: int
    granted: int
    spent: int
    expired: int
    held: int
    available: int


class RedemptionsShown(Shown):
    redemptions: int
    points: int
    reversals: int
    reversed: int


class RemindersShown(Shown):
    """How many reminders of one offset stand in one state."""

    days: int
    state: State
    reminders: int


class FiguresShown(Shown):
    members: int
    entries: int
    granted: int
    spent: int
    available: int
    cohorts: Sequence[CohortShown]
    redeemed: RedemptionsShown
    reminders: Sequence[RemindersShown]


@router.get("/figures")
async def read_figures(uow: Transaction) -> FiguresShown:
    return FiguresShown.model_validate(await figures_now(uow))
