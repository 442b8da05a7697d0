"""CloudEvents 1.0 on Kafka, binary mode: attributes in `ce_*` headers, the fact as JSON value."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import to_json

from shared.errors import RecordFault
from shared.events.catalogue import SERVICES, Route, find_route, publisher_of, versions_of
from shared.events.event import Event
from shared.tracing import Trace

JSON = "application/json"
VALUE_BYTES_MAX = 1_048_588
SEQUENCE_DIGITS = 20  # it is compared as text

_JSON_SPACE = b" \t\r\n"
_NO_OBJECT = ("json_invalid", "model_type", "model_attributes_type")  # pydantic's names


def encode(event: Event, trace: Trace) -> tuple[dict[str, str], bytes]:
    """Headers and value of a fact. The trace goes one hop further with it."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_source": source_of(event.event_type),
        "ce_type": event.event_type,
        "ce_time": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_subject": event.subject,
        "ce_sequence": f"{event.sequence:0{SEQUENCE_DIGITS}d}",
        "ce_correlationid": trace.correlation_id,
        "traceparent": trace.carried_by(event.event_id),
        "content-type": JSON,
    }
    if event.cause_id is not None:
        headers["ce_causationid"] = event.cause_id
    if event.cause_type is not None:
        headers["ce_causationtype"] = event.cause_type
    return headers, event.model_dump_json().encode()


def source_of(event_type: str) -> str:
    """`/holdfast/<service>` for our own facts, `/<system>` for what comes from outside."""
    publisher = publisher_of(event_type)
    return f"/holdfast/{publisher}" if publisher in SERVICES else f"/{publisher}"


def decode(headers: Mapping[str, str], value: bytes) -> Event:
    """The fact in a record; unknown fields are ignored.

    Raises:
        RecordFault: with the reason why this record can never be handled as it is.
    """
    route = _route(_header(headers, "ce_type"))
    if headers.get("ce_specversion") != "1.0":
        raise RecordFault("bad-envelope", "ce_specversion is not 1.0")
    if len(value) > VALUE_BYTES_MAX:
        raise RecordFault("too-large", f"{len(value)} bytes")
    try:
        # Strict, for what the published schema refuses is no fact: no text or `true` for a number.
        event = route.model.model_validate_json(_with_attributes(headers, value), strict=True)
    except ValidationError as error:
        reason = "not-json" if error.errors()[0]["type"] in _NO_OBJECT else "schema"
        raise RecordFault(reason, first_errors(error)) from error
    if _time(headers) != event.at:
        raise RecordFault("bad-envelope", "ce_time and `at` differ")
    return event


def refuse_repeated(names: Iterable[str]) -> None:
    """Two headers of one name are two facts at once; a mapping would silently keep one of them.

    Raises:
        RecordFault: an attribute or the content type stands twice among the headers' `names`.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen and (name.startswith("ce_") or name == "content-type"):
            raise RecordFault("bad-envelope", f"header {name} stands twice")
        seen.add(name)


def _route(event_type: str) -> Route:
    route = find_route(event_type)
    if route is not None:
        return route
    known = versions_of(event_type)
    if known:
        raise RecordFault("unknown-version", f"ce_type {event_type!r}; known: {', '.join(known)}")
    raise RecordFault("unknown-type", f"ce_type {event_type!r} is not in the catalogue")


def _with_attributes(headers: Mapping[str, str], value: bytes) -> bytes:
    """The fact's object with the attributes as its last fields, so that one parse reads both.

    Of fields with the same name the last counts: a value cannot replace an attribute.
    """
    attributes = {
        "event_id": _header(headers, "ce_id"),
        "subject": headers.get("ce_subject", ""),
        "sequence": _sequence(headers),
        "cause_id": headers.get("ce_causationid"),
        "cause_type": headers.get("ce_causationtype"),
    }
    body = value.rstrip(_JSON_SPACE)
    if not body.endswith(b"}"):
        raise RecordFault("not-json", "the value is no JSON object")
    fields = body[:-1].rstrip(_JSON_SPACE)
    return fields + (b"" if fields == b"{" else b",") + to_json(attributes)[1:]


def message_id(headers: Mapping[str, str]) -> UUID:
    """The CloudEvents id of a record.

    Raises:
        RecordFault: it is missing or no UUID.
    """
    try:
        return UUID(_header(headers, "ce_id"))
    except ValueError as error:
        raise RecordFault("bad-envelope", "ce_id is no UUID") from error


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise RecordFault("bad-envelope", f"header {name} is missing")
    return value


def _sequence(headers: Mapping[str, str]) -> int:
    digits = headers.get("ce_sequence", "0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= SEQUENCE_DIGITS):
        raise RecordFault("bad-envelope", "ce_sequence is no number of 20 digits")
    return int(digits)


def _time(headers: Mapping[str, str]) -> datetime:
    try:
        return datetime.fromisoformat(_header(headers, "ce_time"))
    except ValueError as error:
        raise RecordFault("bad-envelope", "ce_time is no RFC 3339 time") from error


def first_errors(error: ValidationError) -> str:
    """Where and why, without the values: they may be personal data."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:5])
