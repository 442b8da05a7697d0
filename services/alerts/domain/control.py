"""Control records: whatever else changes a row, on its way into the usage log (architecture §6).

The merger writes them, the engine reads them: both by this module alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import GenericAlias
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.errors import RecordFault
from shared.events.catalogue import find_route
from shared.events.event import Event, effect_id
from shared.events.usage import UsageControl

BYTES_MAX = 512 * 1024  # of a message; a broker takes twice as much
# What a message needs beside its facts: the other fields, brackets, room for their escapes.
_ENVELOPE_BYTES = 2 * 1024

HTTP = "http"
"""The source of what somebody did through the API; it is numbered per usage partition."""
SOURCE_REGISTERED = "alerts.source_registered"
RULE_ACTIVATED = "alerts.rule_activated"


def control_of(events: Sequence[Event], *, source: str, number: int, at: datetime) -> UsageControl:
    """The `number`-th control message of `source` (`<topic>/<partition>`), of facts of one type."""
    kind = events[0].event_type
    if any(event.event_type != kind for event in events):
        raise ValueError("a control message carries facts of one type")
    return UsageControl(
        event_id=effect_id(f"{source}/{number}", UsageControl.event_type),
        subject=f"control/{source}",
        sequence=number,
        cause_id=str(events[0].event_id),
        cause_type=kind,
        at=at,
        source=source,
        number=number,
        origin=str(events[0].event_id),
        kind=kind,
        body=f"[{','.join(map(_text_of, events))}]",
    )


def act_of(
    kind: str, fields: Mapping[str, Any], *, partition: int, number: int, at: datetime, cause: str
) -> UsageControl:
    """What somebody did through the API, as the `number`-th such message of a usage partition."""
    return UsageControl(
        event_id=effect_id(f"{HTTP}/{partition}/{number}", UsageControl.event_type),
        subject=f"control/{HTTP}",
        sequence=number,
        cause_id=cause,
        cause_type=kind,
        at=at,
        source=HTTP,
        number=number,
        origin=cause,
        kind=kind,
        body=to_json(dict(fields)).decode(),
    )


def in_messages(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut a run so that each part fits into one message, in order.

    Raises:
        RecordFault: a fact that is too large by itself. No relay could send its message, and the
            hole in the numbers would stop the engine.
    """
    begin, size = 0, _ENVELOPE_BYTES
    for place, event in enumerate(events):
        needed = _escaped_bytes(_text_of(event)) + 1
        if needed > BYTES_MAX - _ENVELOPE_BYTES:
            raise RecordFault("too-large", f"{needed} bytes as a control record")
        if size + needed > BYTES_MAX and place > begin:
            yield events[begin:place]
            begin, size = place, _ENVELOPE_BYTES
        size += needed
    if begin < len(events):
        yield events[begin:]


def facts_in(control: UsageControl) -> list[Event]:
    """The facts of a merger's message, with the identifiers under which they arrived.

    Raises:
        RecordFault: it carries something else than facts of its kind.
    """
    try:
        return _facts(control.kind).validate_json(control.body, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, found["loc"]))
        raise RecordFault(
            "schema", f"control of {control.kind}: {place}: {found['msg']}"
        ) from error


def fields_in(control: UsageControl) -> dict[str, Any]:
    """The fields of an act that came through the API.

    Raises:
        RecordFault: the body is no JSON object.
    """
    try:
        fields = json.loads(control.body)
    except ValueError as error:
        raise RecordFault("not-json", f"control of {control.kind}") from error
    if not isinstance(fields, dict):
        raise RecordFault("schema", f"control of {control.kind}: the body is no object")
    return fields  # pyright: ignore[reportUnknownVariableType] - JSON's own names.


@cache
def _facts(kind: str) -> TypeAdapter[list[Event]]:
    route = find_route(kind)
    if route is None:
        raise RecordFault("unknown-type", f"control of {kind!r}, which is not in the catalogue")
    facts: Any = GenericAlias(list, route.model)  # which model it is, only the catalogue knows
    return TypeAdapter(facts)


def _text_of(event: Event) -> str:
    """A fact with its identifiers as one JSON object; the rest of the chain is its own record's."""
    identity = {
        "event_id": event.event_id,
        "subject": event.subject,
        "sequence": event.sequence,
    }
    fields = event.model_dump_json()
    return f"{to_json(identity).decode()[:-1]},{fields[1:]}"


def _escaped_bytes(text: str) -> int:
    """The size of `text` inside a JSON string."""
    return len(text.encode()) + text.count('"') + text.count("\\")
