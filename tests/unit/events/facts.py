"""Facts of every type, made from the very schema that outsiders are given."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from shared.events.catalogue import ROUTES
from shared.events.event import Event
from shared.tracing import Trace

Schema = Mapping[str, Any]
Strategy = st.SearchStrategy[Any]

TRACE = Trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "story-1")

customer_ids = st.integers(1, 2**63 - 1)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone.
words = st.text(min_size=1, max_size=64)


def values_of(schema: Schema, definitions: Schema) -> Strategy:
    """Any JSON value that a schema of ours allows."""
    if "$ref" in schema:
        return values_of(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:
        return st.one_of([values_of(form, definitions) for form in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _BY_TYPE[schema["type"]](schema, definitions)


def _strings(schema: Schema, _: Schema) -> Strategy:
    by_format: Mapping[str, Strategy] = {
        "date-time": times.map(datetime.isoformat),
        "date": times.map(lambda at: at.date().isoformat()),
        "uuid": st.uuids().map(str),
    }
    if "format" in schema:
        return by_format[schema["format"]]
    if "pattern" in schema:
        return st.from_regex(str(schema["pattern"]).removesuffix("$") + r"\Z")
    return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))


def _integers(schema: Schema, _: Schema) -> Strategy:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", 2**53) - 1)
    return st.integers(least, most)


def _lists(schema: Schema, definitions: Schema) -> Strategy:
    sizes = {"min_size": schema.get("minItems", 0), "max_size": schema.get("maxItems", 3)}
    return st.lists(values_of(schema["items"], definitions), **sizes)


def _objects(schema: Schema, definitions: Schema) -> Strategy:
    fields = {name: values_of(one, definitions) for name, one in schema["properties"].items()}
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in needed},
        optional={name: field for name, field in fields.items() if name not in needed},
    )


_BY_TYPE: dict[str, Callable[[Schema, Schema], Strategy]] = {
    "array": _lists,
    "boolean": lambda _, __: st.booleans(),
    "integer": _integers,
    "null": lambda _, __: st.none(),
    "number": lambda _, __: st.floats(allow_nan=False, allow_infinity=False),
    "object": _objects,
    "string": _strings,
}


@cache  # a strategy remembers what it has worked out about itself
def facts_of(model: type[Event]) -> st.SearchStrategy[Event]:
    """Any fact of one type."""
    schema = model.model_json_schema(mode="serialization")
    wire = values_of(schema, schema.get("$defs", {}))
    if "valid_until" in schema["properties"]:  # ends within 400 days, which no schema can say
        wire = wire.map(lambda fields: fields | {"valid_until": fields["at"]})
    identity = st.fixed_dictionaries(
        {
            "event_id": st.uuids(),
            "subject": words,
            "sequence": st.integers(0, 2**63),
            "cause_id": st.none() | words,
            "cause_type": st.none() | st.sampled_from([route.event_type for route in ROUTES]),
        }
    )
    # The pattern of a customer id allows 19 digits, its integer 63 bits.
    customer = {"customer_id": customer_ids} if "customer_id" in schema["properties"] else {}
    return st.builds(
        lambda *parts: model.model_validate(parts[0] | parts[1] | parts[2]),
        wire,
        identity,
        st.fixed_dictionaries(customer),
    )


facts = st.sampled_from(ROUTES).flatmap(lambda route: facts_of(route.model))
