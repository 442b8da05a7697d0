"""What mail and webhooks have in common: parcels go out, an answer comes back for each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from services.ticketing.domain.delivering import Answer
from services.ticketing.store.deliveries import Parcel


@dataclass
class Carried:
    """What came of parcels so far: each has one answer, the first that it was given."""

    parcels: Sequence[Parcel]
    answers: dict[UUID, tuple[Answer, str | None]] = field(
        default_factory=dict[UUID, tuple[Answer, str | None]]
    )

    def __call__(self, parcel: Parcel, answer: Answer, sent_to: str | None) -> None:
        self.answers.setdefault(parcel.delivery_id, (answer, sent_to))

    def rest(self, answer: Answer) -> None:
        """The answer of all that have none yet."""
        for parcel in self.parcels:
            self(parcel, answer, None)


class Carrier(Protocol):
    """Brings parcels of one destination there; never raises for what the other side does."""

    async def carry(self, parcels: Sequence[Parcel], carried: Carried) -> None: ...


def order_url(public_url: str, number: str) -> str:
    """Where an order is shown to whoever has signed in."""
    return f"{public_url.rstrip('/')}/ticketing/orders/{number}"
