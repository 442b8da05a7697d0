"""What a member has and how it came about: balance and statement (PT-18)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.points.api.routes import Shown, router
from services.points.handlers.read_balance import read_balance as balance_of
from services.points.handlers.read_statement import read_statement as statement_of
from services.points.ledger.accounts import Account, Kind
from shared.errors import NotFound
from shared.web.asked import Customer
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.transaction import Moment, Transaction


class LotShown(Shown):
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


class BalanceShown(Shown):
    available: int
    pending: int
    held: int
    value_fen: int = Field(description="What the available points are worth, in fen")
    lots: Sequence[LotShown]


class EntryShown(Shown):
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


class _Row(BaseModel):
    """Where a page of a statement ended."""

    at: Annotated[
        AwareDatetime,
        Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    ]
    entry_id: UUID


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
