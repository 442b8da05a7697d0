"""Post a batch and tell what was granted: the one path by which facts from streams move points."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.points.handlers.tell import posting_told
from services.points.ledger.accounts import Kind
from services.points.ledger.posting import (
    ConflictingRepeat,
    Posted,
    Posting,
    without_repeats,
)
from services.points.store import lots
from shared import telemetry
from shared.cause import Cause
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
    uow.after_commit(lambda: _measure(fresh))


def _measure(fresh: Sequence[Posted]) -> None:
    """Once a batch: to take a lock for each of a thousand entries costs more than it tells."""
    entries = Counter[Kind](posted.posting.kind for posted in fresh)
    for kind, count in entries.items():
        points = sum(p.posting.amount for p in fresh if p.posting.kind is kind)
        telemetry.POINTS_ENTRIES.labels(kind=kind).inc(count)
        telemetry.POINTS_POSTED.labels(kind=kind).inc(points)
