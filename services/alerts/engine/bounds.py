"""What a customer's row cannot hold of a fact, judged before the fact may touch it."""

from datetime import timedelta

from shared.errors import RecordFault
from shared.events.customers import CustomerProfile
from shared.events.event import Event
from shared.events.usage import UsageBaseline

SEQUENCE_END = 2**63
GAP_SECONDS_END = 2**31
EARLY_MAX = timedelta(minutes=5)  # as for every time on a log (shared/arrivals.py)


def refuse_unholdable(fact: Event) -> None:
    """Refuse what would end the process, or make the row deaf to all true facts that follow.

    Raises:
        RecordFault: a number beyond its field, or a time after the fact's own.
    """
    match fact:
        case CustomerProfile() if fact.sequence >= SEQUENCE_END:
            raise RecordFault("schema", "ce_sequence is beyond 63 bits")
        case UsageBaseline() if fact.mean_gap_seconds >= GAP_SECONDS_END:
            raise RecordFault("schema", "mean_gap_seconds is beyond 31 bits")
        case UsageBaseline() if fact.last_seen > fact.at + EARLY_MAX:
            raise RecordFault("schema", "last_seen is after the baseline's own time")
        case _:
            return
