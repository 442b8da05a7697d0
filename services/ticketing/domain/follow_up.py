"""A branch lacks information: ticketing proposes that the customer is called once more.

callcenter grants or declines (contracts §5); a decline that names `again_at` may be tried once
more, as long as the order still waits for the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.events.customers import Tier
from shared.events.event import effect_id

REASON = "order_follow_up"
PRIORITY = 45
VALID_FOR = timedelta(days=7)  # after a week the order was answered or given up
ATTEMPTS_MAX = 2

TIER_BONUS: Mapping[Tier, int] = {
    Tier.DIAMOND: 8,
    Tier.GOLD: 8,
    Tier.SILVER: 5,
    Tier.GUEST: 2,
    Tier.NONE: 0,
}


class FollowUpState(StrEnum):
    PROPOSED = "proposed"
    GRANTED = "granted"
    DECLINED = "declined"
    REPLACED = "replaced"


@dataclass(frozen=True)
class FollowUp:
    """One proposal about one order, and what callcenter answered."""

    proposal_id: str
    order_id: UUID
    attempt: int
    state: FollowUpState
    proposed_at: datetime
    grant_id: UUID | None = None
    again_at: datetime | None = None

    @property
    def valid_until(self) -> datetime:
        return self.proposed_at + VALID_FOR


def proposed(cause: str, order_id: UUID, at: datetime) -> FollowUp:
    """The first attempt; the same cause proposes the same."""
    proposal_id = str(effect_id(cause, "proposal"))
    return FollowUp(proposal_id, order_id, 1, FollowUpState.PROPOSED, at)


def declined(follow_up: FollowUp, again_at: datetime | None) -> FollowUp:
    """With a second attempt then, if callcenter named a time and it is not the second already."""
    again = again_at if follow_up.attempt < ATTEMPTS_MAX else None
    return replace(follow_up, state=FollowUpState.DECLINED, again_at=again)


def proposed_again(follow_up: FollowUp, at: datetime) -> FollowUp:
    return replace(
        follow_up,
        attempt=follow_up.attempt + 1,
        state=FollowUpState.PROPOSED,
        proposed_at=at,
        again_at=None,
    )


def priority_of(tier: Tier) -> int:
    return PRIORITY + TIER_BONUS[tier]
