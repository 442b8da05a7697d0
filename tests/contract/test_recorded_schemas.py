"""The event schemas of the code against the ones that were reviewed and recorded."""

import json

import pytest

from holdfast.contracts import ROOT, SCHEMAS, broken_promises, present_schemas, recorded_schemas

PRESENT = present_schemas()


def test_no_type_vanished_and_none_became_narrower() -> None:
    assert broken_promises(recorded_schemas(ROOT), PRESENT) == []


@pytest.mark.parametrize("event_type", PRESENT)
def test_the_recorded_schema_is_the_present_one(event_type: str) -> None:
    path = ROOT / SCHEMAS / f"{event_type}.json"

    assert path.exists(), f"{event_type} has no recorded schema: run `make contracts`"
    assert json.loads(path.read_text()) == PRESENT[event_type], "run `make contracts`, review it"
