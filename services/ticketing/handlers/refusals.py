"""Why an act on an order is refused: each a stable slug and what to do instead."""

from collections.abc import Mapping

from services.ticketing.domain.checks import Unmet
from shared.errors import Conflict, Malformed, Refusal


class WrongState(Conflict):
    slug = "wrong-state"
    title = "The order is in a state that does not allow this"


class AlreadyOpened(Conflict):
    slug = "already-opened"
    title = "The dispatcher has opened the order"


class OwnWork(Conflict):
    slug = "own-work"
    title = "Who completed an order does not verify it"


class PortabilityStands(Conflict):
    slug = "portability-applied"
    title = "The customer has applied to port the number"


class ConsentTakenBack(Conflict):
    slug = "consent-withdrawn"
    title = "The customer took consent back"


class LeavingDetailsMissing(Conflict):
    slug = "leaving-details-missing"
    title = "The leaving reason or who stands at the counter is not known"


class LostReasonMissing(Malformed):
    slug = "lost-reason-missing"
    title = "A lost order needs a reason"


class NoteMissing(Malformed):
    slug = "note-missing"
    title = "This reason needs a note"


class UnknownCounty(Malformed):
    slug = "unknown-county"
    title = "There is no such county in your city"


_BY_SLUG: Mapping[str, type[Refusal]] = {
    kind.slug: kind
    for kind in (
        AlreadyOpened,
        OwnWork,
        PortabilityStands,
        ConsentTakenBack,
        LeavingDetailsMissing,
        LostReasonMissing,
        NoteMissing,
    )
}

GUARDED = (PortabilityStands, ConsentTakenBack)


def refusal_of(unmet: Unmet, happened: Mapping[str, object]) -> Refusal:
    """The answer to a check that does not hold, with what happened to the order last."""
    return _BY_SLUG[unmet.slug](unmet.advice, members=happened)
