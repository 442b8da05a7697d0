"""May a recorded event schema become the present one? Wider yes, narrower never.

Kafka keeps what older code wrote, and older readers still run beside a newer writer. A form that
has to become narrower is a new type (`….v2`) beside the old one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_EXACT = ("pattern", "format")
_NO_FIELDS: Schema = {}


def narrowings(recorded: Schema, present: Schema) -> list[str]:
    """What the present schema no longer gives or accepts; nothing when it is equal or wider."""
    definitions = _Definitions(recorded.get("$defs", {}), present.get("$defs", {}))
    return _compare(recorded, present, definitions, "")


@dataclass(frozen=True)
class _Definitions:
    recorded: Schema
    present: Schema


def _compare(old: Schema, new: Schema, definitions: _Definitions, path: str) -> list[str]:
    """Every old alternative must find its place in one of the new alternatives."""
    found: list[str] = []
    places = _alternatives(new, definitions.present)
    for form in _alternatives(old, definitions.recorded):
        found += min((_one(form, place, definitions, path) for place in places), key=len)
    return found


def _alternatives(schema: Schema, definitions: Schema) -> list[Schema]:
    if "$ref" in schema:
        return _alternatives(definitions[str(schema["$ref"]).rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:
        return [form for one in schema["anyOf"] for form in _alternatives(one, definitions)]
    return [schema]


def _one(old: Schema, new: Schema, definitions: _Definitions, path: str) -> list[str]:
    wanted, given = new.get("type"), old.get("type")
    if wanted not in (None, given) and (given, wanted) != ("integer", "number"):
        return [f"{path or 'the fact'}: type {given} became {wanted}"]
    found = [*_values(old, new, path), *_bounds(old, new, path), *_fields(old, new, path)]
    for name, field in old.get("properties", _NO_FIELDS).items():
        if name in new.get("properties", _NO_FIELDS):
            inner = f"{path}.{name}".lstrip(".")
            found += _compare(field, new["properties"][name], definitions, inner)
    if "items" in new:
        found += _compare(old.get("items", _NO_FIELDS), new["items"], definitions, f"{path}[]")
    return found


def _fields(old: Schema, new: Schema, path: str) -> list[str]:
    removed = old.get("properties", _NO_FIELDS).keys() - new.get("properties", _NO_FIELDS).keys()
    required = set(new.get("required", ())) - set(old.get("required", ()))
    return [
        *(f"{path}.{name}: field removed".lstrip(".") for name in sorted(removed)),
        *(f"{path}.{name}: newly required".lstrip(".") for name in sorted(required)),
    ]


def _values(old: Schema, new: Schema, path: str) -> list[str]:
    now = _listed(new)
    if now is None:
        return []
    before = _listed(old)
    if before is None:
        return [f"{path}: any {old.get('type')} became one of {now}"]
    return [f"{path}: value {value!r} removed" for value in before if value not in now]


def _listed(schema: Schema) -> list[Any] | None:
    """The values of an enumeration; pydantic writes one of a single value as `const`."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bounds(old: Schema, new: Schema, path: str) -> list[str]:
    lower = [k for k in _LOWER_BOUNDS if k in new and (k not in old or old[k] < new[k])]
    upper = [k for k in _UPPER_BOUNDS if k in new and (k not in old or old[k] > new[k])]
    exact = [k for k in _EXACT if k in new and old.get(k) != new[k]]
    return [f"{path}: {k} {old.get(k)} became {new[k]}" for k in (*lower, *upper, *exact)]
