"""Post a batch and tell what was granted: the one path by which facts from streams move points."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.points import store
from services.points.ledger.accounts import Kind
from services.points.ledger.posting import (
    ConflictingRepeat,
    Posted,
    Posting,
    refuse_conflicts,
    without_repeats,
)
from shared import telemetry
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.event import CustomerEvent, effect_id
from shared.events.points import PointsGranted, PointsSpent


async def post_and_tell(
    postings: Sequence[Posting], causes: Mapping[UUID, CustomerEvent], uow: UnitOfWork
) -> None:
    """Post what is fresh; a repeat moves nothing.

    Raises:
        RecordFault: an entry came again with another content.
    """
    if not postings:
        return
    try:
        unique = without_repeats(postings)
        known = await store.known_entries(uow.connection, unique)
        fresh = refuse_conflicts(unique, known)
    except ConflictingRepeat as conflict:
        raise RecordFault("conflicting-repeat", str(conflict)) from conflict
    for posted in await store.post(uow.connection, fresh) if fresh else []:
        uow.emit(posting_told(posted, causes[posted.posting.entry_id]))
        telemetry.POINTS_ENTRIES.labels(kind=posted.posting.kind).inc()
        telemetry.POINTS_POSTED.labels(kind=posted.posting.kind).inc(posted.posting.amount)


def posting_told(posted: Posted, cause: CustomerEvent) -> PointsGranted | PointsSpent:
    """The fact of one posting, caused by the fact it came from."""
    posting = posted.posting
    model = PointsSpent if posting.kind is Kind.OPEN_SPENT else PointsGranted
    return model(
        event_id=effect_id(posting.entry_id, model.event_type),
        subject=f"lot/{posting.customer_id}/{posting.programme}/{posting.cohort}",
        sequence=posted.lot_version,
        cause_id=str(cause.event_id),
        cause_type=cause.event_type,
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
