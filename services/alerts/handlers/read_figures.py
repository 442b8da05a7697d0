"""Somebody asks how alerts stands: records, hits and episodes by rule, states, answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.alerts.store import figures
from services.alerts.store.figures import OfAnswer, OfRule, OfState, Records
from shared.database import UnitOfWork


@dataclass(frozen=True)
class Figures:
    """Episodes are those the caller may see; records are all that came in."""

    records: Records
    rules: Sequence[OfRule]
    states: Sequence[OfState]
    answers: Sequence[OfAnswer]
    suppressions: int


async def read_figures(uow: UnitOfWork) -> Figures:
    return Figures(
        records=await figures.records(uow.connection),
        rules=await figures.by_rule(uow.connection),
        states=await figures.by_state(uow.connection),
        answers=await figures.by_answer(uow.connection),
        suppressions=await figures.suppressions(uow.connection),
    )
