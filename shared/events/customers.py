"""What BOSS/CRM tells us of a customer: the whole profile, each time anew (compacted topic)."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.event import CustomerEvent


class Tier(StrEnum):
    """Value tier (PT-25 to PT-28)."""

    DIAMOND = "diamond"
    GOLD = "gold"
    SILVER = "silver"
    GUEST = "guest"
    NONE = "none"


class CustomerStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class PortabilityState(StrEnum):
    NONE = "none"
    QUERIED = "queried"
    APPLIED = "applied"
    PORTED_OUT = "ported_out"


class Contract(BaseModel):
    """A campaign or contract with an end (AL-06)."""

    model_config = ConfigDict(frozen=True)

    contract_id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Annotated[str, Field(min_length=1, max_length=32)]
    ends_on: date


class CustomerProfile(CustomerEvent):
    """Everything we know of a customer; a lower `sequence` than the one held is ignored."""

    event_type: ClassVar[str] = "customers.profile.v1"

    tier: Tier
    credit: Annotated[int, Field(ge=0, le=10)] = 0
    group: str | None = None
    plan: str
    contracts: tuple[Contract, ...] = ()
    first_manager: str | None = None
    birthday_month: Annotated[int, Field(ge=1, le=12)] | None = None
    joined_on: date | None = None
    status: CustomerStatus = CustomerStatus.ACTIVE
    status_at: AwareDatetime
    consent: bool = True
    do_not_call: bool = False
    consent_at: AwareDatetime
    portability: PortabilityState = PortabilityState.NONE
    portability_at: AwareDatetime | None = None
