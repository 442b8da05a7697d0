"""The recorded contracts: a JSON schema and an example of every event type, kept in the tree.

A schema is rewritten for review when it became wider; an example is recorded once and stays, so
that what was written years ago is decoded by every later version.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.compatibility import narrowings
from holdfast.example_facts import example_of, rows_of
from shared.events import arrow, envelope
from shared.events.catalogue import ROUTES
from shared.events.event import CustomerEvent, Event
from shared.events.partition import partition_of
from shared.tracing import Trace

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = Path("tests/contract/schemas")
EXAMPLES = Path("tests/contract/examples")

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TRACE = Trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "example")


def schema_of(model: type[Event]) -> dict[str, Any]:
    """The schema of a fact's JSON value; what travels as CloudEvents headers is not in it."""
    return {"$schema": _DIALECT} | model.model_json_schema(mode="serialization")


def present_schemas() -> dict[str, dict[str, Any]]:
    """The schema of every event type as the code has it now."""
    return {route.event_type: schema_of(route.model) for route in ROUTES}


def recorded_schemas(root: Path) -> dict[str, dict[str, Any]]:
    """The schema of every event type as it was last reviewed."""
    return {path.stem: json.loads(path.read_text()) for path in (root / SCHEMAS).glob("*.json")}


def broken_promises(
    recorded: Mapping[str, Mapping[str, Any]], present: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Every type that vanished or became narrower, in words."""
    found = [f"{name}: the type is gone" for name in sorted(recorded.keys() - present.keys())]
    for name in sorted(recorded.keys() & present.keys()):
        found += [f"{name}: {what}" for what in narrowings(recorded[name], present[name])]
    return found


def write_schemas(root: Path) -> list[Path]:
    """Write the schemas that differ from the recorded ones; their paths."""
    texts = {
        root / SCHEMAS / f"{name}.json": _text(schema) for name, schema in present_schemas().items()
    }
    return [path for path, text in texts.items() if _write(path, text)]


def record_examples(root: Path) -> list[Path]:
    """Record an example of every type, and Arrow form, that has none; their paths."""
    written: list[Path] = []
    for route in ROUTES:
        path = root / EXAMPLES / f"{route.event_type}.json"
        if not path.exists() and _write(path, _text(_json_example(route.model))):
            written.append(path)
    for model in arrow.SCHEMAS:
        path = root / EXAMPLES / f"{model.event_type}.arrow.json"
        if not path.exists() and _write(path, _text(_arrow_example(model))):
            written.append(path)
    return written


def _json_example(model: type[Event]) -> dict[str, Any]:
    event = example_of(model)
    headers, value = envelope.encode(event, _TRACE)
    return {"key": event.key, "headers": headers, "value": json.loads(value)}


def _arrow_example(model: type[CustomerEvent]) -> dict[str, Any]:
    rows = rows_of(model)
    batch_id = example_of(model).event_id
    headers, value = arrow.encode_rows(model, rows, batch_id=batch_id, trace=_TRACE)
    return {
        "partition": partition_of(rows[0]["customer_id"]),
        "headers": headers,
        "value_base64": base64.b64encode(value).decode(),
    }


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True
