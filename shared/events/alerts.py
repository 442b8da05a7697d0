"""What alerts tells: a rule fired, an episode opened or closed, a contact is proposed."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat

from shared.events.contact import ContactProposed, Priority
from shared.events.customers import Tier
from shared.events.event import CustomerEvent


class Severity(StrEnum):
    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Evidence(BaseModel):
    """Why a rule fired, in numbers, with copies of the records that moved it."""

    model_config = ConfigDict(frozen=True)

    value: FiniteFloat
    baseline: FiniteFloat | None = None
    threshold: FiniteFloat
    window_from: AwareDatetime
    window_to: AwareDatetime
    unit: str
    records: tuple[str, ...] = ()


class AlertRaised(CustomerEvent):
    event_type: ClassVar[str] = "alerts.raised.v1"

    alert_id: UUID
    episode_id: UUID
    rule: str
    rule_version: Annotated[int, Field(gt=0)]
    severity: Severity
    evidence: Evidence


class EpisodeOpened(CustomerEvent):
    """The alerts of one customer that belong together."""

    event_type: ClassVar[str] = "alerts.episode_opened.v1"

    episode_id: UUID
    severity: Severity
    priority: Priority
    tier: Tier


class EpisodeClosed(CustomerEvent):
    event_type: ClassVar[str] = "alerts.episode_closed.v1"

    episode_id: UUID
    outcome: str


class AlertsContactProposed(ContactProposed):
    event_type: ClassVar[str] = "alerts.contact_proposed.v1"
