"""points over HTTP: balance, statement, redemption and its reversal (PT-18)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.points.domain.redemption import Family
from services.points.handlers.read_balance import read_balance as balance_of
from services.points.handlers.read_redemption import read_redemption as redemption_of
from services.points.handlers.read_statement import read_statement as statement_of
from services.points.handlers.redeem_points import AlreadyDone, NotEnoughPoints, Order
from services.points.handlers.redeem_points import redeem_points as redeem
from services.points.handlers.reverse_redemption import NothingToReverse, Withdrawal
from services.points.handlers.reverse_redemption import reverse_redemption as reverse
from services.points.handlers.tell import Cause
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.allocation import Share
from services.points.store.redemptions import Redemption
from shared.errors import NotFound
from shared.events.event import CustomerId
from shared.web.access import Admitted
from shared.web.bodies import RequestBody
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.once import Once
from shared.web.operations import operations
from shared.web.preconditions import IfMatch, etag_of
from shared.web.transaction import Moment, Transaction

POINTS_MAX = 10_000_000  # of one redemption: 200,000 yuan

router = operations()


def customer_in(
    customer_id: Annotated[str, Path(pattern="^[1-9][0-9]{0,18}$", description="Decimal digits")],
) -> int:
    """The customer named in the path; 63 bits hold a little less than 19 digits."""
    if int(customer_id) >= 2**63:
        raise NotFound(f"No customer {customer_id}")
    return int(customer_id)


def cause_in(request: Request, claim: Once, admission: Admitted, moment: Moment) -> Cause:
    """The request as the cause of what it brings about."""
    operation = request.scope["route"].name
    return Cause(claim.cause, f"request.{operation}", moment, by=admission.caller.subject)


Customer = Annotated[int, Depends(customer_in)]
Asked = Annotated[Cause, Depends(cause_in)]
Points = Annotated[int, Field(strict=True, gt=0, le=POINTS_MAX)]


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LotShown(_Shown):
    programme: str
    cohort: int = Field(description="The points year, by the year it ends in")
    clears_on: date
    granted: int
    pending: int
    spent: int
    expired: int
    held: int
    available: int
    version: int


class BalanceShown(_Shown):
    available: int
    pending: int
    held: int
    value_fen: int = Field(description="What the available points are worth, in fen")
    lots: Sequence[LotShown]


class EntryShown(_Shown):
    """One transfer: `amount` points went from `debit` to `credit`."""

    entry_id: UUID
    kind: Kind
    amount: int
    debit: Account
    credit: Account
    programme: str
    programme_version: int
    cohort: int
    lot_version: int
    reference: str
    business_date: date
    posted_at: AwareDatetime


class ShareShown(_Shown):
    cohort: int
    points: int


class RedemptionShown(_Shown):
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


class ReversalShown(_Shown):
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


class _Row(BaseModel):
    """Where a page of a statement ended."""

    at: Annotated[
        AwareDatetime,
        Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    ]
    entry_id: UUID


def _shown(redemption: Redemption, shares: Sequence[Share]) -> RedemptionShown:
    return RedemptionShown.model_validate(
        {**vars(redemption), "paid_by": [ShareShown.model_validate(s) for s in shares]}
    )


@router.get("/customers/{customer_id}/balance", responses=refusals(NotFound))
async def read_balance(customer: Customer, uow: Transaction, moment: Moment) -> BalanceShown:
    return BalanceShown.model_validate(await balance_of(customer, moment, uow))


@router.get("/customers/{customer_id}/statement", responses=refusals(NotFound))
async def read_statement(
    customer: Customer, uow: Transaction, *, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[EntryShown]:
    after = position_in(cursor, _Row)
    before = (after.at, after.entry_id) if after else None
    entries = await statement_of(customer, uow, before=before, rows=limit + 1)
    shown = [EntryShown.model_validate(entry) for entry in entries[:limit]]
    more = len(entries) > limit
    last = _Row(at=shown[-1].posted_at, entry_id=shown[-1].entry_id) if more else None
    return Page(items=shown, next_cursor=cursor_of(last) if last else None)


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
