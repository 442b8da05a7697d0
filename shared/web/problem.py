"""Every failure leaves as `application/problem+json` (RFC 9457), rendered in this one place."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from shared.errors import Malformed, NotFound, Refusal, TooLarge, Unavailable
from shared.faults import is_worlds_fault

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1  # a failover takes seconds; callers with back-off grow from here
ERRORS_MAX = 20  # more findings help nobody


class ProblemError(BaseModel):
    """One thing that is wrong with the request. What was sent is never echoed."""

    location: str = Field(description="body, query, path or header")
    pointer: str = Field(description="JSON pointer into the body, or the parameter's name")
    code: str
    message: str


class Problem(BaseModel):
    """What went wrong, in words and with a stable code (RFC 9457)."""

    type: str = Field(description="a URI of this kind of problem")
    title: str
    status: int
    detail: str = ""
    instance: str = Field(description="the path that was asked")
    code: str = Field(description="a stable slug to decide on")
    trace_id: str = Field(description="quote it when you ask about this answer")
    errors: list[ProblemError] = []


def problem_of(refusal: Refusal, *, path: str, trace_id: str) -> Response:
    """The answer to a refusal."""
    problem = Problem(
        type=f"urn:holdfast:problem:{refusal.slug}",
        title=refusal.title,
        status=refusal.status,
        detail=refusal.detail,
        instance=path,
        code=refusal.slug,
        trace_id=trace_id,
    ).model_dump(exclude_defaults=True)
    headers = dict(refusal.headers)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="holdfast"')
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    # Escaped to ASCII: a lone surrogate in a field's name must not break the answer about it.
    body = json.dumps({**refusal.members, **problem}, default=str).encode()
    return Response(body, refusal.status, headers, MEDIA_TYPE)


def errors_of(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Pydantic's findings in our shape, without the values that were sent."""
    return [
        ProblemError(
            location=str(found["loc"][0]),
            pointer=_pointer(found["loc"]),
            code=str(found["type"]),
            message=str(found["msg"]),
        ).model_dump()
        for found in findings[:ERRORS_MAX]
    ]


def _pointer(location: Sequence[str | int]) -> str:
    place, *parts = [str(part) for part in location]
    if place != "body":
        return "/".join(parts)
    # RFC 6901: "~" and "/" are escaped; "#" makes it a URI fragment of the request.
    return "#" + "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


class _MethodNotAllowed(Refusal):
    status = 405
    slug = "method-not-allowed"
    title = "This path does not take this method"


class _Broken(Refusal):
    status = 500
    slug = "internal"
    title = "This is our fault; it has been logged"


# What the framework refuses by itself. It answers 400 to a body that is no JSON or no UTF-8.
_OF_FRAMEWORK: Mapping[int, type[Refusal]] = {
    400: Malformed,
    404: NotFound,
    405: _MethodNotAllowed,
    413: TooLarge,
}


PageOfRefusal = Callable[[Request, Refusal], Response]
"""Draws a refusal for a person (shared/web/pages/refused.py); machines get problem+json."""


def _answer(request: Request, refusal: Refusal) -> Response:
    page: PageOfRefusal | None = getattr(request.app.state, "page_of_refusal", None)
    if page is not None and _is_for_a_person(request):
        return page(request, refusal)
    return problem_of(
        refusal, path=request.url.path, trace_id=getattr(request.state, "trace_id", "")
    )


def _is_for_a_person(request: Request) -> bool:
    """A browser asks for HTML; below `/v1/` everything is for machines, whatever they accept."""
    below = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return "text/html" in request.headers.get("accept", "") and not below.startswith("/v1/")


async def _on_refusal(request: Request, error: Exception) -> Response:
    return _answer(request, cast("Refusal", error))


async def _on_framework(request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    kind = _OF_FRAMEWORK.get(refused.status_code)
    if kind is None:
        raise error
    headers = {"Allow": _allowed_methods(request)} if kind is _MethodNotAllowed else None
    return _answer(request, kind(refused.detail, headers=headers))


def _allowed_methods(request: Request) -> str:
    """All methods of the path: Starlette names only those of the first route that it fits."""
    methods = {
        method
        for context in iter_route_contexts(request.app.routes)
        if context.matches(request.scope)[0] is not Match.NONE
        for method in context.methods or ()
    }
    return ", ".join(sorted(methods))


async def _on_malformed(request: Request, error: Exception) -> Response:
    findings = cast("RequestValidationError", error).errors()
    return _answer(request, Malformed(members={"errors": errors_of(findings)}))


# asyncpg's own errors come through SQLAlchemy bare when the server vanishes at a bad moment.
_OF_DATABASE = (
    SQLAlchemyError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def _on_world(request: Request, error: Exception) -> Response:
    """The database or the network: come again, unless the statement itself is wrong."""
    if not is_worlds_fault(error):
        raise error
    return _answer(request, Unavailable("The database is away or overloaded"))


async def _on_bug(request: Request, _error: Exception) -> Response:
    # Starlette raises the error again after the answer, so that the server logs it, once.
    return _answer(request, _Broken())


def install(app: FastAPI, page: PageOfRefusal | None = None) -> None:
    """Make `app` answer every failure with a problem; people's with a page, if it has pages."""
    app.state.page_of_refusal = page
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(HTTPException, _on_framework)
    app.add_exception_handler(RequestValidationError, _on_malformed)
    for kind in _OF_DATABASE:
        app.add_exception_handler(kind, _on_world)
    app.add_exception_handler(Exception, _on_bug)
