"""When a source's progress is worth a record on the log (contracts §4, architecture §6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MACHINE_SECONDS = 15.0
BUSINESS = timedelta(minutes=30)


@dataclass(frozen=True)
class Beat:
    """The last heartbeat that was written: how far the source was, and the machine's own time."""

    at: datetime
    written_at: float


def is_worth_writing(last: Beat | None, *, at: datetime, machine_now: float) -> bool:
    """At most every 15 s of machine time, yet at least every 30 min of business time."""
    if last is None:
        return True
    if at <= last.at:
        return False  # no progress: what stands on the log says as much
    return machine_now - last.written_at >= MACHINE_SECONDS or at - last.at >= BUSINESS
