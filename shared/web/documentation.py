"""What an operation may answer, for OpenAPI: a status that is not written here is a bug."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.errors import (
    Forbidden,
    Malformed,
    PreconditionFailed,
    PreconditionRequired,
    Refusal,
    TooLarge,
    Unauthorised,
    Unavailable,
)
from shared.web.once import InFlight, KeyReused
from shared.web.problem import MEDIA_TYPE, Problem

Responses = dict[int | str, dict[str, Any]]

_PROBLEM = {"$ref": "#/components/schemas/Problem"}


# Any operation behind a token, a body limit and a database may answer so.
EVERYWHERE = (Unauthorised, Forbidden, TooLarge, Malformed, Unavailable)

# Whoever takes one of these headers may also refuse in these ways.
IMPLIED: Mapping[str, tuple[type[Refusal], ...]] = {
    "Idempotency-Key": (InFlight, KeyReused),
    "If-Match": (PreconditionFailed, PreconditionRequired),
}


def refusals(*kinds: type[Refusal]) -> Responses:
    """The `responses=` of a route that may refuse in these ways, and in those that all may."""
    responses: Responses = {}
    for kind in (*EVERYWHERE, *kinds):
        _add(responses, kind.status, kind)
    return responses


def _add(responses: dict[Any, dict[str, Any]], status: int | str, kind: type[Refusal]) -> None:
    documented = responses.setdefault(
        status, {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
    )
    said = f"`{kind.slug}`: {kind.title}"
    if said not in documented["description"]:
        documented["description"] = "; ".join(filter(None, [documented["description"], said]))


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `app`, made once."""
    if not app.openapi_schema:
        drawn = get_openapi(
            title=app.title, version=app.version, routes=app.routes, servers=app.servers
        )
        for path in drawn["paths"].values():
            for operation in path.values():
                _add_implied(operation)
        schemas = drawn.setdefault("components", {}).setdefault("schemas", {})
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(shape.pop("$defs"))
        schemas["Problem"] = shape
        app.openapi_schema = drawn
    return app.openapi_schema


def _add_implied(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        for kind in IMPLIED.get(parameter["name"], ()):
            _add(operation["responses"], str(kind.status), kind)
