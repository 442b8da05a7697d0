"""What forbids to retain a customer: a portability application (XC-20), consent taken back."""

from dataclasses import dataclass
from datetime import datetime

from services.ticketing.domain.states import Act, OrderType


@dataclass(frozen=True)
class Guard:
    """The newest word on each by event time; `None` means that nobody ever said anything."""

    portability_applied: bool = False
    portability_at: datetime | None = None
    consent_withdrawn: bool = False
    consent_at: datetime | None = None

    def forbids(self, order_type: OrderType) -> Act | None:
        """Which fact stands against an order of this type.

        Who stands at a counter speaks for themselves, so consent does not matter there.
        """
        if self.portability_applied:
            return Act.PORTABILITY_APPLIED
        if self.consent_withdrawn and order_type is not OrderType.COUNTER_RETENTION:
            return Act.CONSENT_WITHDRAWN
        return None


UNGUARDED = Guard()
