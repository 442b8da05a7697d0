"""A redemption is taken back, whole or in part: points return to the lots that paid (PT-18)."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.points.domain.programme import business_day
from services.points.domain.redemption import ACCOUNT_OF, NothingLeft, Reverse, decide_reversal
from services.points.handlers.redeem_points import AlreadyDone
from services.points.handlers.tell import posting_told
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.allocation import Share
from services.points.ledger.posting import Posting
from services.points.store import customers, lots, redemptions
from services.points.store.customers import Customer
from services.points.store.redemptions import Redemption
from shared import telemetry
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.errors import Conflict, NotFound
from shared.events.event import effect_id


class NothingToReverse(Conflict):
    slug = "nothing-to-reverse"
    title = "More was asked back than this redemption still holds"


@dataclass(frozen=True)
class Withdrawal:
    """What is to come back of which redemption; no `points` means all that is left of it."""

    customer_id: int
    redemption_id: UUID
    points: int | None


@dataclass(frozen=True)
class Reversal:
    """What came back to which lots, and the redemption as it stands now."""

    reversal_id: UUID
    shares: tuple[Share, ...]
    redemption: Redemption
    paid_by: tuple[Share, ...]

    @property
    def points(self) -> int:
        return sum(share.points for share in self.shares)


async def reverse_redemption(
    withdrawal: Withdrawal, require: Callable[[int], None], cause: Cause, uow: UnitOfWork
) -> Reversal:
    """Give back; `require` judges the redemption's version once it is locked.

    A lot that has cleared takes its points back as well; they lapse with its next clearing.

    Raises:
        NotFound: no such redemption that the caller may see.
        NothingToReverse: nothing came back.
        AlreadyDone: the request was carried out before the doorway forgot its key.
        PreconditionFailed: the caller had seen an older version.
    """
    customer = await customers.visible(uow.connection, withdrawal.customer_id)
    redemption = await redemptions.find(
        uow.connection, withdrawal.customer_id, withdrawal.redemption_id, lock=True
    )
    if redemption is None:
        raise NotFound(f"No redemption {withdrawal.redemption_id} of this customer")
    require(redemption.version)
    reversal_id = effect_id(cause.id, "reversal")
    moved = await redemptions.movements_of(uow.connection, redemption)
    if _reference(redemption, reversal_id) in moved.references:
        raise AlreadyDone(f"It made reversal {reversal_id}")
    match decide_reversal(withdrawal.points, moved.spent, moved.reversed):
        case NothingLeft(reversible):
            raise NothingToReverse(
                f"{reversible} points of it can come back", members={"reversible": reversible}
            )
        case Reverse(shares) as reverse:
            await lots.lock_lots(uow.connection, customer.customer_id, redemption.programme)
            postings = [
                _posting(redemption, customer, (reversal_id, share), cause) for share in shares
            ]
            for posted in await lots.move(uow.connection, postings):
                uow.emit(posting_told(posted, cause))
            now = await redemptions.add_reversed(uow.connection, redemption, reverse.points)
            uow.after_commit(telemetry.REDEMPTIONS.labels(outcome="reversed").inc)
            return Reversal(reversal_id, shares, now, paid_by=moved.spent)


def _reference(redemption: Redemption, reversal_id: UUID) -> str:
    return f"{redemption.reference}/{reversal_id}"


def _posting(
    redemption: Redemption, customer: Customer, part: tuple[UUID, Share], cause: Cause
) -> Posting:
    reversal_id, share = part
    return Posting(
        customer_id=customer.customer_id,
        county=customer.county,
        entry_id=effect_id(reversal_id, Kind.REVERSE, share.cohort),
        programme=redemption.programme,
        programme_version=redemption.programme_version,
        cohort=share.cohort,
        kind=Kind.REVERSE,
        amount=share.points,
        debit=ACCOUNT_OF[redemption.family],
        credit=Account.CUSTOMER,
        business_date=business_day(cause.at),
        reference=_reference(redemption, reversal_id),
    )
