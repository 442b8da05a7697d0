"""Cut-over day: a cohort's points as the old books had them, as opening entries."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.points.domain.programme import Programmes, UnknownProgramme, business_day
from services.points.handlers.post import post_and_tell
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.posting import Posting
from services.points.store import programmes as store
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.billing import LotsOpened
from shared.events.event import effect_id


async def on_lots_opened(lots: Sequence[LotsOpened], uow: UnitOfWork) -> None:
    programmes = await store.read(uow.connection)
    postings: list[Posting] = []
    causes: dict[UUID, LotsOpened] = {}
    for lot in lots:
        for posting in opened(lot, programmes):
            postings.append(posting)
            causes.setdefault(posting.entry_id, lot)
    await post_and_tell(postings, causes, uow)


def opened(lot: LotsOpened, programmes: Programmes) -> tuple[Posting, ...]:
    """What was granted and, behind it, what was spent of it; nothing for an empty lot.

    A lot opens once: the reference says all that the old books said, so the same lot told again
    with another figure is a conflict and not a second opening.

    Raises:
        RecordFault: the old books spent more than they granted, or know another programme.
    """
    if lot.spent > lot.granted:
        raise RecordFault("overdrawn-opening", f"spent {lot.spent} of {lot.granted}")
    day = business_day(lot.at)
    try:
        programme = programmes.in_force(lot.programme, day)
        clears_on = programmes.clears_on(programme, lot.cohort)
    except UnknownProgramme as unknown:
        raise RecordFault("unknown-programme", str(unknown)) from unknown
    origin = f"opening/{lot.customer_id}/{lot.programme}/{lot.cohort}"
    granted = Posting(
        customer_id=lot.customer_id,
        county=lot.county,
        entry_id=effect_id(origin, Kind.OPEN_GRANTED),
        programme=programme.code,
        programme_version=programme.version,
        cohort=lot.cohort,
        kind=Kind.OPEN_GRANTED,
        amount=lot.granted,
        debit=Account.OPENING,
        credit=Account.CUSTOMER,
        business_date=day,
        clears_on=clears_on,
        reminds_on=programme.reminds_on(clears_on),
        reference=f"opening/{lot.cohort}/{lot.granted}/{lot.spent}",
    )
    spent = replace(
        granted,
        entry_id=effect_id(origin, Kind.OPEN_SPENT),
        kind=Kind.OPEN_SPENT,
        amount=lot.spent,
        debit=Account.CUSTOMER,
        credit=Account.OPENING,
    )
    return tuple(posting for posting in (granted, spent) if posting.amount)
