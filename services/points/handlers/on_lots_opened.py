"""Cut-over day: a cohort's points as the old books had them, as opening entries."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from services.points.domain.programme import STANDARD
from services.points.handlers.post import post_and_tell
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.posting import Posting
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.billing import LotsOpened
from shared.events.event import effect_id


async def on_lots_opened(lots: Sequence[LotsOpened], uow: UnitOfWork) -> None:
    postings: list[Posting] = []
    causes: dict[UUID, LotsOpened] = {}
    for lot in lots:
        for posting in opened(lot):
            postings.append(posting)
            causes[posting.entry_id] = lot
    await post_and_tell(postings, causes, uow)


def opened(lot: LotsOpened) -> Iterator[Posting]:
    """What was granted and, beside it, what was spent of it; nothing for an empty lot.

    Raises:
        RecordFault: the old books spent more than they granted, or know another programme.
    """
    if lot.spent > lot.granted:
        raise RecordFault("overdrawn-opening", f"spent {lot.spent} of {lot.granted}")
    if lot.programme != STANDARD.code:
        raise RecordFault("unknown-programme", lot.programme)
    origin = f"opening/{lot.customer_id}/{lot.programme}/{lot.cohort}"
    granted = Posting(
        customer_id=lot.customer_id,
        county=lot.county,
        entry_id=effect_id(origin, Kind.OPEN_GRANTED),
        programme=lot.programme,
        cohort=lot.cohort,
        kind=Kind.OPEN_GRANTED,
        amount=lot.granted,
        debit=Account.OPENING,
        credit=Account.CUSTOMER,
        business_date=lot.at.date(),
        clears_on=STANDARD.clears_on(lot.cohort),
        reference=origin,
    )
    if lot.granted:
        yield granted
    if lot.spent:
        yield replace(
            granted,
            entry_id=effect_id(origin, Kind.OPEN_SPENT),
            kind=Kind.OPEN_SPENT,
            amount=lot.spent,
            debit=Account.CUSTOMER,
            credit=Account.OPENING,
        )
