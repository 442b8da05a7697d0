"""A bill was issued: its whole yuan become points of the bill month's cohort (PT-12, PT-15)."""

from collections.abc import Sequence

from services.points.domain.programme import STANDARD, Programmes, UnknownProgramme, month_start
from services.points.handlers.post import post_and_tell
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.posting import Posting
from services.points.store import programmes as store
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.billing import BillIssued
from shared.events.event import effect_id


async def on_bills_issued(bills: Sequence[BillIssued], uow: UnitOfWork) -> None:
    programmes = await store.read(uow.connection)
    earnings = [(earned(bill, programmes), bill) for bill in bills]
    postings = [posting for posting, _ in earnings if posting]
    causes = {posting.entry_id: bill for posting, bill in reversed(earnings) if posting}
    await post_and_tell(postings, causes, uow)


def earned(bill: BillIssued, programmes: Programmes) -> Posting | None:
    """What a bill earns; a bill under one yuan earns nothing.

    The entry's id comes from the bill's own id, not from the message's: billing may send a bill
    twice under two event ids, and it must count once.

    Raises:
        RecordFault: there was no programme in that month.
    """
    day = month_start(bill.month)
    try:
        terms = programmes.terms(STANDARD, day)
    except UnknownProgramme as unknown:
        raise RecordFault("unknown-programme", str(unknown)) from unknown
    points = terms.programme.points_for(bill.amount_fen)
    if points == 0:
        return None
    return Posting(
        customer_id=bill.customer_id,
        county=bill.county,
        entry_id=effect_id(f"bill/{bill.customer_id}/{bill.bill_id}", Kind.EARN),
        programme=terms.programme.code,
        programme_version=terms.programme.version,
        cohort=terms.cohort,
        kind=Kind.EARN,
        amount=points,
        debit=Account.ISSUANCE,
        credit=Account.CUSTOMER,
        business_date=day,
        clears_on=terms.clears_on,
        reminds_on=terms.reminds_on,
        reference=f"bill/{bill.month}/{bill.bill_id}",
    )
