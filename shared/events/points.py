"""What the points ledger tells: every posting with its lot's version and what is left."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events.contact import ContactProposed
from shared.events.event import CustomerEvent


class _Posted(CustomerEvent):
    """One ledger entry on one lot. Versions of a lot have no gaps; `available` is what is left."""

    entry_id: UUID
    programme: str
    cohort: int
    amount: Annotated[int, Field(gt=0)]
    lot_version: Annotated[int, Field(gt=0)]
    available: Annotated[int, Field(ge=0)]


class PointsGranted(_Posted):
    event_type: ClassVar[str] = "points.granted.v1"


class PointsSpent(_Posted):
    event_type: ClassVar[str] = "points.spent.v1"


class PointsReversed(_Posted):
    event_type: ClassVar[str] = "points.reversed.v1"


class PointsExpired(_Posted):
    event_type: ClassVar[str] = "points.expired.v1"


class PointsAtRiskChanged(CustomerEvent):
    """How many points clear on the next clearing date (a retention lever)."""

    event_type: ClassVar[str] = "points.at_risk_changed.v1"

    points: Annotated[int, Field(ge=0)]
    clears_on: date


class PointsContactProposed(ContactProposed):
    event_type: ClassVar[str] = "points.contact_proposed.v1"
