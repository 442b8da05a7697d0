"""Usage: call records, the opening baseline, heartbeats, and the merger's control records."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.billing import Fen
from shared.events.event import CustomerEvent, Event
from shared.events.identity import NumberHash

Seconds = Annotated[int, Field(ge=0, le=604_800)]
Kilobytes = Annotated[int, Field(ge=0, lt=2**40)]


class UsageKind(StrEnum):
    VOICE = "voice"
    SMS = "sms"
    DATA = "data"


class Direction(StrEnum):
    OUT = "out"
    IN = "in"
    FORWARDED = "forwarded"


class UsageRecorded(CustomerEvent):
    """One call, message or data session; the peer is a keyed hash or nothing."""

    event_type: ClassVar[str] = "usage.recorded.v1"

    record_id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: UsageKind
    direction: Direction
    seconds: Seconds = 0
    kilobytes: Kilobytes = 0
    fen: Fen = 0
    peer: NumberHash | None = None
    forwarded_to: NumberHash | None = None
    at_home: bool = True


class UsageBaseline(CustomerEvent):
    """Opening record: a year of bills, four weeks of use, as delivered on cut-over day."""

    event_type: ClassVar[str] = "usage.baseline.v1"

    bills_fen: Annotated[tuple[Fen, ...], Field(min_length=12, max_length=12)]
    daily_seconds: Annotated[tuple[Seconds, ...], Field(min_length=28, max_length=28)]
    mean_gap_seconds: Annotated[int, Field(gt=0)]
    last_seen: AwareDatetime


class UsageHeartbeat(Event):
    """A source's progress in one partition; watermarks move by it (architecture §6)."""

    event_type: ClassVar[str] = "usage.heartbeat.v1"

    source: Annotated[str, Field(min_length=1, max_length=32)]
    partition: Annotated[int, Field(ge=0)]


class UsageControl(Event):
    """Whatever else changes a row: appended by alerts' merger, numbered per origin."""

    event_type: ClassVar[str] = "usage.control.v1"

    source: Annotated[str, Field(min_length=1, max_length=64)]
    number: Annotated[int, Field(gt=0)]
    origin: str
    kind: Annotated[str, Field(min_length=1, max_length=64)]
    body: str
