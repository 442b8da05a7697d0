"""A bill was issued: its whole yuan become points of the bill month's cohort (PT-12, PT-15)."""

from collections.abc import Sequence

from services.points.domain.programme import STANDARD, month_start
from services.points.handlers.post import post_and_tell
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.posting import Posting
from shared.database import UnitOfWork
from shared.events.billing import BillIssued
from shared.events.event import effect_id


async def on_bills_issued(bills: Sequence[BillIssued], uow: UnitOfWork) -> None:
    causes = {posting.entry_id: bill for bill in bills if (posting := earned(bill))}
    postings = [posting for bill in bills if (posting := earned(bill))]
    await post_and_tell(postings, causes, uow)


def earned(bill: BillIssued) -> Posting | None:
    """What a bill earns; a bill under one yuan earns nothing.

    The entry's id comes from the bill's own id, not from the message's: billing may send a bill
    twice under two event ids, and it must count once.
    """
    points = STANDARD.points_for(bill.amount_fen)
    if points == 0:
        return None
    day = month_start(bill.month)
    cohort = STANDARD.cohort_of(day)
    return Posting(
        customer_id=bill.customer_id,
        county=bill.county,
        entry_id=effect_id(f"bill/{bill.customer_id}/{bill.bill_id}", Kind.EARN),
        programme=STANDARD.code,
        cohort=cohort,
        kind=Kind.EARN,
        amount=points,
        debit=Account.ISSUANCE,
        credit=Account.CUSTOMER,
        business_date=day,
        clears_on=STANDARD.clears_on(cohort),
        reference=f"bill/{bill.bill_id}",
    )
