"""Which lots pay: those that clear first (FIFO), never more than they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class LotBalance:
    cohort: int
    clears_on: date
    available: int


@dataclass(frozen=True)
class Share:
    """Points of one cohort's lot."""

    cohort: int
    points: int


def allocate(points: int, lots: Sequence[LotBalance]) -> tuple[Share, ...] | None:
    """Shares that sum to `points`, earliest clearing first; None when the lots hold less."""
    shares: list[Share] = []
    missing = points
    for lot in sorted(lots, key=lambda lot: (lot.clears_on, lot.cohort)):
        part = min(missing, lot.available)
        if part > 0:
            shares.append(Share(lot.cohort, part))
            missing -= part
    return None if missing else tuple(shares)
