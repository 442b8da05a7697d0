"""The contact gate: every service proposes, this decides (contracts §5; XC-20, XC-21, AL-25).

Pure: whoever asks holds the customer's budget row locked, so two proposals never decide at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.callcenter.domain.calling_hours import first_calling_time
from shared.events.customers import CustomerStatus, PortabilityState
from shared.working_calendar import WorkingCalendar

CAP_WINDOW = timedelta(days=7)  # one contact in it
CARRIED_OUT = timedelta(days=2)  # a grant mostly is: its three attempts take a day and a half
ATTEMPTS_MAX = 2  # a declined proposal may come once more
FREEZE = timedelta(days=30)  # after a customer said on the telephone that calls must stop
BUSY_AGAIN = timedelta(hours=1)  # a call that is being made ends long before


class Because(StrEnum):
    """Why a contact is not made; what is told to the proposer and kept as proof."""

    PORTABILITY = "portability"
    DO_NOT_CALL = "do_not_call"
    NO_CONSENT = "no_consent"
    FROZEN = "frozen"
    WEAKER = "weaker"
    IN_CALL = "in_call"
    CAP = "cap"
    EXPIRED = "expired"
    UNKNOWN_CUSTOMER = "unknown_customer"
    # Only of a grant that ended before the customer was reached:
    COUNTER = "counter"
    UNANSWERED = "unanswered"
    INBOUND = "inbound"


PORTING = frozenset({PortabilityState.APPLIED, PortabilityState.PORTED_OUT})


@dataclass(frozen=True)
class Guard:
    """What forbids retention calls to a customer, as last heard from whoever knows."""

    portability: PortabilityState = PortabilityState.NONE
    do_not_call: bool = False
    allowed: bool = True
    status: CustomerStatus = CustomerStatus.ACTIVE

    def refusal(self) -> Because | None:
        """The first of the reasons that no proposal can outweigh."""
        if self.portability in PORTING:
            return Because.PORTABILITY
        if self.do_not_call:
            return Because.DO_NOT_CALL
        if not self.allowed:
            return Because.NO_CONSENT
        if self.status is not CustomerStatus.ACTIVE:
            return Because.FROZEN
        return None

    def refusal_to_agree(self) -> Because | None:
        """Why no renewal may begin, even if the customer called us, or stands at a counter.

        Ticketing would cancel the order as it begins, when the customer has long hung up.
        """
        if self.portability in PORTING:
            return Because.PORTABILITY
        return None if self.allowed else Because.NO_CONSENT


@dataclass(frozen=True)
class OpenGrant:
    """A contact that was granted and has not reached the customer yet."""

    grant_id: UUID
    priority: int
    valid_until: datetime
    in_call: bool = False  # a manager is on the telephone with it at this moment


@dataclass(frozen=True)
class Standing:
    """One customer's contact budget at the moment of a decision."""

    guard: Guard
    reached_at: datetime | None = None
    frozen_until: datetime | None = None
    open_grant: OpenGrant | None = None
    promised_at: datetime | None = None  # a call-back that the customer asked for, still to come


@dataclass(frozen=True)
class Proposal:
    """What somebody wants to call a customer for."""

    proposal_id: str
    attempt: int
    priority: int
    valid_until: datetime
    not_before: datetime | None = None


@dataclass(frozen=True)
class Grant:
    """Call, from `not_before` on; `replaces` was weaker and is given up."""

    not_before: datetime
    replaces: OpenGrant | None = None


@dataclass(frozen=True)
class Decline:
    """Do not call; with `again_at` the proposer may ask once more then."""

    because: Because
    again_at: datetime | None = None


def decide(
    proposal: Proposal, standing: Standing, *, now: datetime, calendar: WorkingCalendar
) -> Grant | Decline:
    """Final refusals first, then what passes with time, then whether any time is left."""
    refusal = standing.guard.refusal() or _frozen(standing, now)
    if refusal is not None:
        return Decline(refusal)
    blocked = _stronger(proposal, standing.open_grant, now) or _capped(standing, now)
    if blocked is not None:
        return blocked if proposal.attempt < ATTEMPTS_MAX else Decline(blocked.because)
    begins = max(now, proposal.not_before or now)
    if begins >= proposal.valid_until:
        return Decline(Because.EXPIRED)
    not_before = first_calling_time(begins, calendar)
    if not_before >= proposal.valid_until:
        return Decline(Because.EXPIRED)
    return Grant(not_before, replaces=standing.open_grant)


def _frozen(standing: Standing, now: datetime) -> Because | None:
    frozen = standing.frozen_until is not None and now < standing.frozen_until
    return Because.FROZEN if frozen else None


def _stronger(proposal: Proposal, open_grant: OpenGrant | None, now: datetime) -> Decline | None:
    """An open grant gives way to a strictly higher priority alone, and never during the call.

    One whose time is over gives way to anybody: only its poller has not come by yet.
    """
    if open_grant is None or (now >= open_grant.valid_until and not open_grant.in_call):
        return None
    if proposal.priority <= open_grant.priority:
        # By then the grant has ended, and so has the cap of the contact that it became.
        ended = min(open_grant.valid_until, now + CARRIED_OUT)
        return Decline(Because.WEAKER, ended + CAP_WINDOW)
    if open_grant.in_call:
        return Decline(Because.IN_CALL, now + BUSY_AGAIN)
    return None


def _capped(standing: Standing, now: datetime) -> Decline | None:
    """The cap runs from the last contact; a promised call-back is one that is sure to come."""
    last = standing.reached_at
    if standing.promised_at is not None:
        last = max(standing.promised_at, now)
    if last is None or now >= last + CAP_WINDOW:
        return None
    return Decline(Because.CAP, last + CAP_WINDOW)
