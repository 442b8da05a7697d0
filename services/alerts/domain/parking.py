"""How long a record waits for its number's owner, in business time (contracts §4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# An identity that was on its way when the record came is there by now.
LOOK_AGAIN_AFTER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Waiting:
    """When somebody looks next, and when for the last time."""

    due_at: datetime
    given_up_at: datetime


def waiting_from(now: datetime) -> Waiting:
    return Waiting(now + LOOK_AGAIN_AFTER, now + GIVE_UP_AFTER)
