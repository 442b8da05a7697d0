"""A proposed contact: every service proposes with this model, callcenter alone grants."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from shared.events.customers import Tier
from shared.events.event import CustomerEvent

Priority = Annotated[int, Field(ge=0, le=100)]

VALID_MAX = timedelta(days=400)  # what is further away is not worth a call yet; calendars end, too


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

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        if self.valid_until - self.at > VALID_MAX:
            raise ValueError(f"valid_until is more than {VALID_MAX.days} days after the proposal")
        return self
