"""The rules of dead letters and of what is parked behind them: the same for every service."""

from collections.abc import Iterable, Iterator

from holdfast.chaos.history import Letter, Position
from holdfast.chaos.model import Outcome


def lost(outcome: Outcome, letters: Iterable[Letter]) -> Iterator[str]:
    stored = {(e.topic, e.partition, e.offset, e.row) for e in letters}
    return (f"{row}" for row in outcome.dead - stored)


def doubled(outcome: Outcome, letters: Iterable[Letter]) -> Iterator[str]:
    for letter in letters:
        row = (letter.topic, letter.partition, letter.offset, letter.row)
        if row not in outcome.dead:
            yield f"{row} was sound"
        elif letter.attempts > 1:
            yield f"{row} was stored {letter.attempts} times"


def parked_differs(outcome: Outcome, parked: Iterable[Position]) -> Iterator[str]:
    return (f"{where}" for where in set(parked) ^ outcome.parked)
