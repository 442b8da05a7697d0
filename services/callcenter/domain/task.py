"""What a manager is asked to do, in which order, and who is asked first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from services.callcenter.domain.priority import TIER_RANK
from shared.events.customers import Tier

# How long a customer's own manager is asked alone; a manager who is away holds nobody up longer.
OWNER_ALONE = timedelta(hours=2)
# A call-back that its manager misses goes to the group soon: the customer waits for it.
CALL_BACK_ALONE = timedelta(minutes=30)
COUNTER_ALONE = timedelta(seconds=20)  # of machine time: somebody stands at the counter
COUNTER_VALID = timedelta(hours=24)
MANUAL_VALID = timedelta(days=7)
# Beyond a quarter a wish is a plan: a campaign's matter, and a mistyped year more often than not.
MANUAL_AHEAD_MAX = timedelta(days=90)


class Kind(StrEnum):
    CONTACT = "contact"  # a call that the gate granted
    COUNTER = "counter"  # a customer at a store's counter; needs no grant
    INBOUND = "inbound"  # the customer called


class Queue(IntEnum):
    """The lower is served first, whatever the priority."""

    COUNTER = 0
    CALL_BACK = 1
    CONTACT = 2


class State(StrEnum):
    """Of an open task, which of the first three depends on the reservation's clock."""

    WAITING = "waiting"
    RESERVED = "reserved"
    IN_CALL = "in_call"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class NewTask:
    """A task before anybody was asked; `cause_id` is the fact that opened it."""

    task_id: UUID
    customer_id: int
    county: str
    kind: Kind
    cause_id: str
    cause_type: str
    reason: str
    about: str
    priority: int
    tier: Tier
    owner: str | None
    not_before: datetime
    valid_until: datetime
    opened_at: datetime
    grant_id: UUID | None = None
    request_id: str | None = None

    @property
    def tier_rank(self) -> int:
        return TIER_RANK[self.tier]

    @property
    def queue(self) -> Queue:
        return Queue.COUNTER if self.kind is Kind.COUNTER else Queue.CONTACT

    @property
    def group_at(self) -> datetime:
        """From when the work group may take it as well, in business time."""
        if self.owner is None or self.kind is Kind.COUNTER:
            return self.not_before
        return self.not_before + OWNER_ALONE

    @property
    def owner_alone(self) -> timedelta | None:
        """For how long of machine time the owner is asked alone."""
        return COUNTER_ALONE if self.kind is Kind.COUNTER and self.owner else None
