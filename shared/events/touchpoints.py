"""What happens at stores, the hotline and the portability system: few and urgent."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.event import CustomerEvent, OrganisationCode

Reference = Annotated[str, Field(min_length=1, max_length=64)]


class Channel(StrEnum):
    STORE = "store"
    HOTLINE = "hotline"
    ONLINE = "online"
    PORTABILITY = "portability"
    DEALER = "dealer"


class DeactivationRequested(CustomerEvent):
    """Somebody stands at a counter and wants to leave (AL-04); `request_id` links what follows."""

    event_type: ClassVar[str] = "touchpoints.deactivation_requested.v1"

    request_id: Reference
    store: OrganisationCode
    channel: Channel
    reason: str | None = None
    handler: str | None = None


class _Signal(CustomerEvent):
    channel: Channel
    reference: Reference


class LeavingSignalled(_Signal):
    """The hotline or a store heard that this customer may leave (AL-05)."""

    event_type: ClassVar[str] = "touchpoints.leaving_signalled.v1"


class ComplaintFiled(_Signal):
    event_type: ClassVar[str] = "touchpoints.complaint_filed.v1"


class PortabilityQueried(_Signal):
    """The customer asked whether the number may be ported (XC-20)."""

    event_type: ClassVar[str] = "touchpoints.portability_queried.v1"


class PortabilityApplied(CustomerEvent):
    """From here on retention must not interfere (XC-20)."""

    event_type: ClassVar[str] = "touchpoints.portability_applied.v1"

    reference: Reference


RETENTION = "retention"
"""The purpose that every contact of ours has. Its withdrawal forbids calls and orders; consent for
others (a survey, data shared with partners) is the matter of whoever asks for it."""


class ConsentChanged(CustomerEvent):
    """Consent to be contacted for a purpose, and the do-not-call mark (XC-21)."""

    event_type: ClassVar[str] = "touchpoints.consent_changed.v1"

    purpose: Annotated[str, Field(min_length=1, max_length=32)]
    allowed: bool
    do_not_call: bool
