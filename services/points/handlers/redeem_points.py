"""A member gives points for something: the lots that clear first pay (PT-02 to PT-04, PT-18)."""

from dataclasses import dataclass

from services.points.domain.programme import STANDARD, Programme, business_day
from services.points.domain.redemption import (
    ACCOUNT_OF,
    Family,
    NotEnough,
    Redeem,
    decide_redemption,
)
from services.points.handlers.tell import posting_told
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.allocation import Share
from services.points.ledger.posting import Posting
from services.points.store import customers, lots, programmes, redemptions
from services.points.store.customers import Customer
from services.points.store.redemptions import Redemption
from shared import telemetry
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.errors import Conflict
from shared.events.event import effect_id


class NotEnoughPoints(Conflict):
    slug = "not-enough-points"
    title = "The member has fewer points than this needs"


class AlreadyDone(Conflict):
    slug = "already-done"
    title = "This Idempotency-Key was used for it long ago; take a new key"


@dataclass(frozen=True)
class Order:
    """What a member asks for."""

    customer_id: int
    points: int
    family: Family
    item: str


async def redeem_points(
    order: Order, cause: Cause, uow: UnitOfWork
) -> tuple[Redemption, tuple[Share, ...]]:
    """Spend, and name the lots that paid.

    Raises:
        NotFound: the caller may see no such customer.
        NotEnoughPoints: nothing was spent.
        AlreadyDone: the request was carried out before the doorway forgot its key.
    """
    customer = await customers.visible(uow.connection, order.customer_id)
    known = await programmes.read(uow.connection)
    programme = known.in_force(STANDARD, business_day(cause.at))
    balances = await lots.lock_lots(uow.connection, order.customer_id, programme.code)
    match decide_redemption(order.points, balances):
        case NotEnough(available):
            telemetry.REDEMPTIONS.labels(outcome="not_enough").inc()
            raise NotEnoughPoints(
                f"{available} points are available, {order.points} were asked for",
                members={"available": available},
            )
        case Redeem(shares):
            redemption = _redemption(order, programme, cause)
            if not await redemptions.insert(uow.connection, redemption):
                raise AlreadyDone(f"It made redemption {redemption.redemption_id}")
            postings = _postings(redemption, customer, shares, cause)
            for posted in await lots.move(uow.connection, postings):
                uow.emit(posting_told(posted, cause))
            uow.after_commit(telemetry.REDEMPTIONS.labels(outcome="redeemed").inc)
            return redemption, shares


def _redemption(order: Order, programme: Programme, cause: Cause) -> Redemption:
    return Redemption(
        redemption_id=effect_id(cause.id, "redemption"),
        customer_id=order.customer_id,
        programme=programme.code,
        programme_version=programme.version,
        family=order.family,
        item=order.item,
        points=order.points,
        value_fen=programme.value_fen(order.points),
        reversed=0,
        version=1,
        redeemed_by=cause.by,
        redeemed_at=cause.at,
    )


def _postings(
    redemption: Redemption, customer: Customer, shares: tuple[Share, ...], cause: Cause
) -> list[Posting]:
    return [
        Posting(
            customer_id=customer.customer_id,
            county=customer.county,
            entry_id=effect_id(redemption.redemption_id, Kind.SPEND, share.cohort),
            programme=redemption.programme,
            programme_version=redemption.programme_version,
            cohort=share.cohort,
            kind=Kind.SPEND,
            amount=share.points,
            debit=Account.CUSTOMER,
            credit=ACCOUNT_OF[redemption.family],
            business_date=business_day(cause.at),
            reference=redemption.reference,
        )
        for share in shares
    ]
