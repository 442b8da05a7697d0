"""One record of a run as it will be sent, and what must come of it."""

from dataclasses import dataclass

from holdfast.chaos.history import Expected
from shared.events import envelope
from shared.events.catalogue import route_of
from shared.events.event import Event
from shared.tracing import trace_of

NUMBER_HEADER = "chaosnumber"


@dataclass(frozen=True)
class Message:
    """`facts` counts the sound facts in it."""

    number: int
    topic: str
    partition: int
    key: str | None
    headers: dict[str, str]
    value: bytes
    expected: Expected
    facts: int


def single_of(
    number: int, event: Event, *, partition: int, expected: Expected, source: str | None = None
) -> Message:
    """One fact as JSON; `source` is who measured, where types have many."""
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    if source is not None:
        headers["ce_source"] = f"/{source}"
    return Message(
        number=number,
        topic=route_of(event.event_type).topic.name,
        partition=partition,
        key=event.key,
        headers=headers | {NUMBER_HEADER: str(number)},
        value=value,
        expected=expected,
        facts=1,
    )
