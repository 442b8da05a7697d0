"""Which customer a number meant, and when; numbers travel only as keyed hashes (contracts §4)."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.event import CustomerEvent

NumberHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""HMAC-SHA-256 of a telephone number, in hexadecimal."""


class IdentityAssigned(CustomerEvent):
    """A number belongs to a customer from one time to another (numbers are recycled)."""

    event_type: ClassVar[str] = "identity.assigned.v1"

    number_hash: NumberHash
    key_id: Annotated[str, Field(min_length=1, max_length=32)]
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = None

    @property
    def key(self) -> str:
        return self.number_hash
