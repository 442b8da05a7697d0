"""Post a batch and tell what was granted: the one path by which facts from streams move points."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.points.handlers.tell import Cause, posting_told
from services.points.ledger.posting import ConflictingRepeat, Posting, without_repeats
from services.points.store import lots
from shared import telemetry
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.event import CustomerEvent


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
        fresh = await lots.post(uow.connection, without_repeats(postings))
    except ConflictingRepeat as conflict:
        raise RecordFault("conflicting-repeat", str(conflict)) from conflict
    for posted in fresh:
        event = causes[posted.posting.entry_id]
        uow.emit(posting_told(posted, Cause(str(event.event_id), event.event_type, event.at)))
        telemetry.POINTS_ENTRIES.labels(kind=posted.posting.kind).inc()
        telemetry.POINTS_POSTED.labels(kind=posted.posting.kind).inc(posted.posting.amount)
