"""A service's routes: each one admitted by the policy, its answer kept where it claimed a key."""

from collections.abc import Callable, Coroutine, Iterator
from functools import cached_property
from typing import Any, cast

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import Response

from shared.errors import Malformed
from shared.policy import Operations
from shared.web.access import admit
from shared.web.documentation import refusals
from shared.web.doorway import operation_id
from shared.web.once import keep_answer


class PolicyGap(Exception):  # noqa: N818 - the message says what to do.
    """Routes and policy table differ."""


class Operation(APIRoute):
    """A route that keeps its answer in the transaction of its effect (shared/web/once.py)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_and_keep(request: Request) -> Response:
            response = await handle(request)
            await keep_answer(request, response)
            return response

        return handle_and_keep

    @cached_property
    def query_names(self) -> frozenset[str]:
        """What may stand behind the question mark, of the operation and all that it depends on."""
        found = get_flat_params(self.dependant)
        return frozenset(field.alias for field in found if isinstance(field.field_info, Query))


async def refuse_unknown_parameters(request: Request) -> None:
    """As in a body, a name that nobody knows is refused: a misspelt filter would show everything.

    Raises:
        Malformed: with the names that it knows.
    """
    known = cast("Operation", request.scope["route"]).query_names
    if not known.issuperset(request.query_params):
        listed = ", ".join(sorted(known)) or "none"
        raise Malformed(f"An unknown query parameter; this operation knows: {listed}")


def operations(prefix: str = "/v1") -> APIRouter:
    """The router of a service's `api.py`: nothing in it can be reached without a policy row."""
    return APIRouter(
        prefix=prefix,
        route_class=Operation,
        dependencies=[Depends(admit), Depends(refuse_unknown_parameters)],
        responses=refusals(),
    )


def operations_of(app: FastAPI) -> Iterator[str]:
    """The operation ids of an app.

    Raises:
        PolicyGap: a route was not made by `operations()`, so nobody would be asked who they are.
    """
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, Operation):
            yield operation_id(route)
        elif isinstance(route, APIRoute):
            raise PolicyGap(f"{route.path}: make its router with shared.web.operations()")


def require_policy(app: FastAPI, policy: Operations) -> None:
    """Refuse to start with an operation that the policy does not know.

    Raises:
        PolicyGap: with what to add.
    """
    missing = sorted(set(operations_of(app)) - set(policy))
    if missing:
        raise PolicyGap(f"no policy for {', '.join(missing)}: add rows to shared/policies/")
