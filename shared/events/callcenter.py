"""What callcenter tells: contacts granted or not, what came of them, what a customer agreed to."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.contact import Priority
from shared.events.customers import Tier
from shared.events.event import CustomerEvent


class ContactGranted(CustomerEvent):
    """One grant is one contact; unanswered attempts belong to the same grant."""

    event_type: ClassVar[str] = "callcenter.contact_granted.v1"

    proposal_id: str
    grant_id: UUID


class ContactDeclined(CustomerEvent):
    """`again_at` is there when the proposer may propose once more then."""

    event_type: ClassVar[str] = "callcenter.contact_declined.v1"

    proposal_id: str
    because: str
    again_at: AwareDatetime | None = None


class ContactReplaced(CustomerEvent):
    """A stronger proposal took the place of a grant not yet carried out."""

    event_type: ClassVar[str] = "callcenter.contact_replaced.v1"

    grant_id: UUID
    by: str


class ContactRecorded(CustomerEvent):
    """What came of a call (CC-11): disposition 1 to 7, reached or not."""

    event_type: ClassVar[str] = "callcenter.contact_recorded.v1"

    task_id: UUID
    grant_id: UUID | None = None
    disposition: Annotated[int, Field(ge=1, le=7)]
    reached: bool
    inbound: bool
    manager: str


class OrderType(StrEnum):
    """Renewal kinds (TK-07): 3G转合约, 2G转3G, 宽带续费."""

    THREE_G_TO_CONTRACT = "3g_to_contract"
    TWO_G_TO_THREE_G = "2g_to_3g"
    BROADBAND = "broadband"


class RenewalAgreed(CustomerEvent):
    """The customer said yes on the telephone (TK-01)."""

    event_type: ClassVar[str] = "callcenter.renewal_agreed.v1"

    agreement_id: UUID
    task_id: UUID
    order_type: OrderType
    offer: str
    agreed_at: AwareDatetime
    manager: str
    tier: Tier
    priority: Priority


class AgreementWithdrawn(CustomerEvent):
    event_type: ClassVar[str] = "callcenter.agreement_withdrawn.v1"

    agreement_id: UUID


class OwnerChanged(CustomerEvent):
    event_type: ClassVar[str] = "callcenter.owner_changed.v1"

    manager: str
    from_manager: str | None = None
    reason: str
