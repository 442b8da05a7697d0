"""What was once written is read by every later version: the recorded example of each type."""

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from holdfast.contracts import EXAMPLES, ROOT, schema_of
from shared.events import arrow, envelope
from shared.events.catalogue import ROUTES, Route
from shared.events.event import CustomerEvent
from shared.tracing import trace_of

by_type = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.event_type)


def example(name: str) -> dict[str, Any]:
    path: Path = ROOT / EXAMPLES / f"{name}.json"
    assert path.exists(), f"{name} has no recorded example: run `make contracts`"
    return json.loads(path.read_text())


@by_type
def test_the_example_of_a_type_decodes_with_every_field_it_holds(route: Route) -> None:
    recorded = example(route.event_type)

    event = envelope.decode(recorded["headers"], json.dumps(recorded["value"]).encode())

    assert type(event) is route.model
    assert event.key == recorded["key"]
    written = json.loads(event.model_dump_json())
    assert written | recorded["value"] == written, "a field of the example is lost or changed"


@by_type
def test_the_example_decodes_with_fields_that_only_a_newer_writer_knows(route: Route) -> None:
    recorded = example(route.event_type)
    newer = recorded["value"] | {"added_later": {"deep": [1, None]}, "another": "值"}
    headers = recorded["headers"] | {"ce_addedlater": "yes", "tracestate": "a=b"}

    event = envelope.decode(headers, json.dumps(newer).encode())

    assert event == envelope.decode(recorded["headers"], json.dumps(recorded["value"]).encode())


@by_type
def test_the_example_satisfies_the_schema_of_its_type(route: Route) -> None:
    jsonschema.validate(example(route.event_type)["value"], schema_of(route.model))


@by_type
def test_encoding_the_example_again_gives_the_same_headers(route: Route) -> None:
    recorded = example(route.event_type)
    headers = recorded["headers"]
    event = envelope.decode(headers, json.dumps(recorded["value"]).encode())

    again, _ = envelope.encode(event, trace_of(None, headers["ce_correlationid"]))

    assert {**again, "traceparent": headers["traceparent"]} == headers


@pytest.mark.parametrize("model", arrow.SCHEMAS, ids=lambda model: model.event_type)
def test_the_arrow_example_of_a_type_decodes_row_by_row(model: type[CustomerEvent]) -> None:
    recorded = example(f"{model.event_type}.arrow")
    value = base64.b64decode(recorded["value_base64"])

    events, faults = arrow.decode_rows(recorded["headers"], value, recorded["partition"])

    assert [type(event) for event in events.values()] == [model, model]
    assert faults == []
