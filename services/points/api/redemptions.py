"""Redemption and its reversal (PT-18)."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, Field

from services.points.api.routes import Shown, router
from services.points.domain.redemption import Family
from services.points.handlers.read_redemption import read_redemption as redemption_of
from services.points.handlers.redeem_points import AlreadyDone, NotEnoughPoints, Order
from services.points.handlers.redeem_points import redeem_points as redeem
from services.points.handlers.reverse_redemption import NothingToReverse, Withdrawal
from services.points.handlers.reverse_redemption import reverse_redemption as reverse
from services.points.ledger.allocation import Share
from services.points.store.redemptions import Redemption
from shared.errors import NotFound
from shared.events.event import CustomerId
from shared.web.asked import Asked, Customer
from shared.web.bodies import RequestBody
from shared.web.documentation import refusals
from shared.web.preconditions import IfMatch, etag_of
from shared.web.transaction import Transaction

POINTS_MAX = 10_000_000  # of one redemption: 200,000 yuan

Points = Annotated[int, Field(strict=True, gt=0, le=POINTS_MAX)]


class ShareShown(Shown):
    cohort: int
    points: int


class RedemptionShown(Shown):
    redemption_id: UUID
    customer_id: CustomerId
    programme: str
    programme_version: int
    family: Family
    item: str
    points: int
    value_fen: int
    reversed: int
    version: int
    redeemed_by: str
    redeemed_at: AwareDatetime
    paid_by: Sequence[ShareShown] = Field(description="The lots that paid, and how much")


class ReversalShown(Shown):
    reversal_id: UUID
    points: int
    returned_to: Sequence[ShareShown]
    redemption: RedemptionShown


class RedemptionAsked(RequestBody):
    points: Points
    family: Family
    item: str = Field(
        pattern="^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$", description="The code of what is given for it"
    )


class ReversalAsked(RequestBody):
    points: Points | None = Field(default=None, description="How many; all that is left if absent")


def _shown(redemption: Redemption, shares: Sequence[Share]) -> RedemptionShown:
    return RedemptionShown.model_validate(
        {**vars(redemption), "paid_by": [ShareShown.model_validate(s) for s in shares]}
    )


@router.post(
    "/customers/{customer_id}/redemptions",
    status_code=201,
    responses=refusals(NotFound, NotEnoughPoints, AlreadyDone),
)
async def redeem_points(
    asked: RedemptionAsked, customer: Customer, *, by: Asked, uow: Transaction, response: Response
) -> RedemptionShown:
    order = Order(customer, asked.points, asked.family, asked.item)
    redemption, shares = await redeem(order, by, uow)
    response.headers["ETag"] = etag_of(redemption.version)
    response.headers["Location"] = f"redemptions/{redemption.redemption_id}"
    return _shown(redemption, shares)


@router.get("/customers/{customer_id}/redemptions/{redemption_id}", responses=refusals(NotFound))
async def read_redemption(
    customer: Customer, redemption_id: UUID, *, uow: Transaction, response: Response
) -> RedemptionShown:
    redemption, moved = await redemption_of(customer, redemption_id, uow)
    response.headers["ETag"] = etag_of(redemption.version)
    return _shown(redemption, moved.spent)


@router.post(
    "/customers/{customer_id}/redemptions/{redemption_id}/reversals",
    status_code=201,
    responses=refusals(NotFound, NothingToReverse, AlreadyDone),
)
async def reverse_redemption(
    asked: ReversalAsked,
    customer: Customer,
    redemption_id: UUID,
    *,
    seen: IfMatch,
    by: Asked,
    uow: Transaction,
    response: Response,
) -> ReversalShown:
    withdrawal = Withdrawal(customer, redemption_id, asked.points)
    reversal = await reverse(withdrawal, seen.require, by, uow)
    response.headers["ETag"] = etag_of(reversal.redemption.version)
    return ReversalShown(
        reversal_id=reversal.reversal_id,
        points=reversal.points,
        returned_to=[ShareShown.model_validate(share) for share in reversal.shares],
        redemption=_shown(reversal.redemption, reversal.paid_by),
    )
