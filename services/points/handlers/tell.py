"""What the ledger tells of its postings: one fact each, caused by what asked for it."""

from collections.abc import Mapping

from services.points.ledger.accounts import Kind
from services.points.ledger.posting import Posted
from shared.cause import Cause
from shared.events.event import effect_id
from shared.events.points import PointsGranted, PointsReversed, PointsSpent

Told = PointsGranted | PointsSpent | PointsReversed


_TOLD_AS: Mapping[Kind, type[Told]] = {
    Kind.EARN: PointsGranted,
    Kind.OPEN_GRANTED: PointsGranted,
    Kind.OPEN_SPENT: PointsSpent,
    Kind.SPEND: PointsSpent,
    Kind.REVERSE: PointsReversed,
}


def posting_told(posted: Posted, cause: Cause) -> Told:
    """The fact of one posting, numbered by its lot's version."""
    posting = posted.posting
    model = _TOLD_AS[posting.kind]
    return model(
        event_id=effect_id(posting.entry_id, model.event_type),
        subject=f"lot/{posting.customer_id}/{posting.programme}/{posting.cohort}",
        sequence=posted.lot_version,
        cause_id=cause.id,
        cause_type=cause.type,
        at=cause.at,
        customer_id=posting.customer_id,
        county=posting.county,
        entry_id=posting.entry_id,
        programme=posting.programme,
        cohort=posting.cohort,
        amount=posting.amount,
        lot_version=posted.lot_version,
        available=posted.available,
    )
