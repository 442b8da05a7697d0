"""What a redemption and its reversal may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.points.ledger.accounts import Account
from services.points.ledger.allocation import LotBalance, Share, allocate


class Family(StrEnum):
    """What points are redeemed for (PT-02 to PT-04)."""

    SERVICE = "service"
    PRODUCT = "product"
    MERCHANT = "merchant"


# Where spent points go: settlement later pays by these accounts.
ACCOUNT_OF: Mapping[Family, Account] = {
    Family.SERVICE: Account.REDEEMED_SERVICE,
    Family.PRODUCT: Account.REDEEMED_PRODUCT,
    Family.MERCHANT: Account.REDEEMED_MERCHANT,
}


@dataclass(frozen=True)
class Redeem:
    """The lots that pay, earliest clearing first."""

    shares: tuple[Share, ...]


@dataclass(frozen=True)
class NotEnough:
    """Nothing is spent; this much could be."""

    available: int


@dataclass(frozen=True)
class Reverse:
    """What goes back to each lot it came from."""

    shares: tuple[Share, ...]

    @property
    def points(self) -> int:
        return sum(share.points for share in self.shares)


@dataclass(frozen=True)
class NothingLeft:
    """More was asked back than was spent and not yet reversed."""

    reversible: int


def decide_redemption(points: int, lots: Sequence[LotBalance]) -> Redeem | NotEnough:
    """Spend from the lots that clear first (PT-18)."""
    shares = allocate(points, lots)
    if shares is None:
        return NotEnough(available=sum(lot.available for lot in lots))
    return Redeem(shares)


def decide_reversal(
    points: int | None, spent: Sequence[Share], reversed_: Sequence[Share]
) -> Reverse | NothingLeft:
    """Give back to the lots that paid, the one that clears last first; None means all that is left.

    So points that come back live as long as possible, and never longer than they would have.
    """
    back = {share.cohort: share.points for share in reversed_}
    open_shares = [Share(s.cohort, s.points - back.get(s.cohort, 0)) for s in spent]
    reversible = sum(share.points for share in open_shares)
    missing = reversible if points is None else points
    if not 0 < missing <= reversible:
        return NothingLeft(reversible)
    shares: list[Share] = []
    for share in sorted(open_shares, key=lambda s: s.cohort, reverse=True):
        part = min(missing, share.points)
        if part:
            shares.append(Share(share.cohort, part))
            missing -= part
    return Reverse(tuple(shares))
