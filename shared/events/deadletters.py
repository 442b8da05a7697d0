"""A record that could not be handled: told to whoever watches; the row keeps the whole of it."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events.event import Event

EXCERPT_BYTES = 4096


class DeadLetterRecorded(Event):
    event_type: ClassVar[str] = "deadletters.recorded.v1"

    letter_id: UUID
    service: str
    topic: str
    partition: int
    offset: int
    row: int = 0
    original_key: str | None = None
    reason: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    excerpt: str
    """Base64 of the first 4 KiB."""

    @property
    def key(self) -> str | None:
        return self.original_key
