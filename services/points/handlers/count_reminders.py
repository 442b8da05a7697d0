"""Reminders by what became of them, counted once the transaction has been committed."""

from collections import Counter
from collections.abc import Iterable

from services.points.domain.reminder import State
from shared import telemetry
from shared.database import UnitOfWork


def count(states: Iterable[State], uow: UnitOfWork) -> None:
    for state, reminders in Counter(states).items():
        uow.after_commit(lambda s=state, n=reminders: telemetry.REMINDERS.labels(state=s).inc(n))
