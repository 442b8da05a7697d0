"""A proposed contact: every service proposes with this model, callcenter alone grants."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.events.customers import Tier
from shared.events.event import CustomerEvent

Priority = Annotated[int, Field(ge=0, le=100)]


class ContactProposed(CustomerEvent):
    """`attempt` 2 follows a decline that named `again_at`; there is no third (contracts §5)."""

    proposal_id: Annotated[str, Field(min_length=1, max_length=64)]
    attempt: Annotated[int, Field(ge=1, le=2)]
    reason: Annotated[str, Field(min_length=1, max_length=64)]
    about: Annotated[str, Field(min_length=1, max_length=128)]
    priority: Priority
    not_before: AwareDatetime | None = None
    valid_until: AwareDatetime
    tier: Tier
