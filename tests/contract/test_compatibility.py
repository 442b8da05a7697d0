"""Each way of narrowing a schema goes red; each way of widening stays green."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from holdfast.compatibility import narrowings
from holdfast.contracts import broken_promises


class Line(BaseModel):
    article: str
    count: int


class Order(BaseModel):
    number: Annotated[str, Field(min_length=1, max_length=20)]
    state: Literal["open", "closed"]
    amount: Annotated[int, Field(ge=0, le=100)]
    note: str | None = None
    lines: tuple[Line, ...] = ()


def changed(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - what create_model takes.
    return create_model("Order", __base__=Order, **fields).model_json_schema()


def without(field: str) -> dict[str, Any]:
    schema = Order.model_json_schema()
    del schema["properties"][field]
    return schema


class NarrowLine(Line):
    article: Annotated[str, Field(max_length=8)]


class RenamedLine(BaseModel):
    item: str
    count: int


RECORDED = Order.model_json_schema()

NARROWER = {
    "a field removed": (without("note"), "note: field removed"),
    "a type changed": (changed(amount=(str, ...)), "amount: type integer became string"),
    "null refused": (changed(note=(str, "")), "note: type null became string"),
    "a new required field": (changed(reason=(str, ...)), "reason: newly required"),
    "an optional field required": (changed(note=(str | None, ...)), "note: newly required"),
    "an enum value removed": (
        changed(state=(Literal["open"], ...)),
        "state: value 'closed' removed",
    ),
    "free text became an enum": (changed(note=(Literal["a"] | None, None)), "note: any string"),
    "a lower bound raised": (
        changed(amount=(Annotated[int, Field(ge=1, le=100)], ...)),
        "amount: minimum 0 became 1",
    ),
    "an upper bound lowered": (
        changed(number=(Annotated[str, Field(min_length=1, max_length=10)], ...)),
        "number: maxLength 20 became 10",
    ),
    "a pattern added": (
        changed(number=(Annotated[str, Field(max_length=20, pattern="^N")], ...)),
        "number: pattern None became ^N",
    ),
    "inside a list": (
        changed(lines=(tuple[NarrowLine, ...], ())),
        "lines[].article: maxLength None became 8",
    ),
    "a field of a list's items renamed": (
        changed(lines=(tuple[RenamedLine, ...], ())),
        "lines[].article: field removed",
    ),
}

WIDER = {
    "nothing changed": RECORDED,
    "a new optional field": changed(reason=(str | None, None)),
    "a new enum value": changed(state=(Literal["open", "closed", "lost"], ...)),
    "an enum became free text": changed(state=(str, ...)),
    "bounds loosened": changed(amount=(int, ...)),
    "integer became number": changed(amount=(float, ...)),
    "a required field became optional": changed(number=(str | None, None)),
}


@pytest.mark.parametrize(("present", "finding"), NARROWER.values(), ids=NARROWER.keys())
def test_a_narrower_schema_is_refused_with_its_reason(
    present: dict[str, Any], finding: str
) -> None:
    assert finding in "\n".join(narrowings(RECORDED, present))


@pytest.mark.parametrize("present", WIDER.values(), ids=WIDER.keys())
def test_a_wider_schema_is_accepted(present: dict[str, Any]) -> None:
    assert narrowings(RECORDED, present) == []


def test_a_type_that_vanished_is_a_broken_promise_and_a_new_one_is_none() -> None:
    recorded = {"orders.placed.v1": RECORDED}

    assert broken_promises(recorded, {"orders.placed.v2": RECORDED}) == [
        "orders.placed.v1: the type is gone"
    ]
    assert broken_promises({}, recorded) == []


def test_a_broken_promise_names_type_field_and_change() -> None:
    narrowed = json.loads(json.dumps(RECORDED))
    narrowed["properties"]["amount"]["maximum"] = 99

    assert broken_promises({"orders.placed.v1": RECORDED}, {"orders.placed.v1": narrowed}) == [
        "orders.placed.v1: amount: maximum 100 became 99"
    ]
