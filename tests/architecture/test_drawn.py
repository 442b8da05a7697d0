"""What is drawn stands in the tree as the code has it now, and is what its readers accept."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from holdfast.contracts import EXAMPLES, ROOT
from holdfast.draw import asyncapi, manifests
from holdfast.draw.blocks import MarkerMissingError, with_block
from holdfast.draw.drawings import drawings
from shared.events.catalogue import ROUTES, SERVICES, TOPICS

DRAWN = drawings()
DOCUMENT = asyncapi.document()
SPECIFICATIONS = Path(os.environ.get("HOLDFAST_SPECIFICATIONS", ROOT.parent / "shared" / "specs"))


def specification(path: str) -> dict[str, Any]:
    """A published schema; it is not part of this project and may be absent."""
    file = SPECIFICATIONS / path
    if not file.exists():
        pytest.skip(f"not checked against {path}: set HOLDFAST_SPECIFICATIONS to its folder")
    return json.loads(file.read_text())


@pytest.mark.parametrize("path", DRAWN)
def test_the_file_in_the_tree_is_what_the_code_draws(path: str) -> None:
    file = ROOT / path

    assert file.exists(), f"{path} is not drawn yet: run `make docs`"
    assert file.read_text() == DRAWN[path], f"{path} is out of date: run `make docs`"


def test_the_asyncapi_document_is_valid_asyncapi() -> None:
    jsonschema.validate(DOCUMENT, specification("asyncapi/3.1.0-without-$id.json"))


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    assert references(DOCUMENT)
    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, f"{reference} leads nowhere"
            found = found[step]


def references(document: dict[str, Any]) -> list[str]:
    return re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.event_type)
def test_a_recorded_example_has_the_headers_and_the_key_that_asyncapi_promises(route: Any) -> None:  # noqa: ANN401 - a Route.
    message = DOCUMENT["components"]["messages"][route.event_type]
    example = json.loads((ROOT / EXAMPLES / f"{route.event_type}.json").read_text())

    jsonschema.validate(example["headers"], message["headers"])
    key = asyncapi.key_of(route.model)
    if key is None:
        assert example["key"] is None
    else:
        jsonschema.validate(example["key"], key)


def resources() -> list[dict[str, Any]]:
    texts = [text for path, text in manifests.drawn().items() if "kustomization" not in path]
    return [resource for text in texts for resource in yaml.safe_load_all(text)]


@pytest.mark.parametrize("resource", resources(), ids=lambda r: r["metadata"]["name"])
def test_a_manifest_satisfies_its_custom_resource_definition(resource: dict[str, Any]) -> None:
    name = f"{resource['kind'].lower()}_v1.json"

    jsonschema.validate(resource, specification(f"k8s-crds/kafka.strimzi.io/{name}"))


def rights(user: str) -> set[tuple[str, str, str]]:
    [manifest] = [r for r in resources() if r["metadata"]["name"] == user]
    return {
        (acl["resource"]["type"], acl["resource"]["name"], operation)
        for acl in manifest["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }


def test_a_service_may_write_its_own_facts_and_read_what_it_handles_and_no_more() -> None:
    read = {"holdfast.billing.v1", "holdfast.customers.v1", "holdfast.callcenter.v1"}
    written = {"holdfast.points.v1", "holdfast.deadletters.v1"}

    assert rights("holdfast-points") == (
        {("topic", topic, operation) for topic in read for operation in ("Describe", "Read")}
        | {("topic", topic, operation) for topic in written for operation in ("Describe", "Write")}
        | {("group", "holdfast-points", operation) for operation in ("Describe", "Read")}
    )


def test_topics_are_named_one_by_one_and_groups_by_the_beginning_of_their_names() -> None:
    patterns = {
        (acl["resource"]["type"], acl["resource"]["patternType"])
        for resource in resources()
        if resource["kind"] == "KafkaUser"
        for acl in resource["spec"]["authorization"]["acls"]
    }

    assert patterns == {("topic", "literal"), ("group", "prefix")}


def test_a_system_outside_reads_nothing() -> None:
    outside = {name for topic in TOPICS for name in topic.publishers} - set(SERVICES)

    assert outside
    for name in outside:
        assert {operation for _, _, operation in rights(f"holdfast-{name}")} == {
            "Describe",
            "Write",
        }


def test_a_block_is_replaced_and_the_writing_around_it_stays() -> None:
    document = "above\n<!-- drawn:a -->\nold\n<!-- /drawn -->\nbelow <!-- /drawn -->"

    drawn = with_block(document, "a", "new\n")

    assert drawn == "above\n<!-- drawn:a -->\nnew\n<!-- /drawn -->\nbelow <!-- /drawn -->"
    assert with_block(drawn, "a", "new") == drawn


@pytest.mark.parametrize("document", ["", "<!-- drawn:a -->", "<!-- /drawn --><!-- drawn:a -->"])
def test_a_document_without_its_markers_says_what_to_write(document: str) -> None:
    with pytest.raises(MarkerMissingError, match="<!-- drawn:a -->"):
        with_block(document, "a", "new")
