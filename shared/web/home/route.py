"""A page of no service: it has a session to renew and a form to keep, and no policy row."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from shared.web.pages.routes import keep_form, renew


class HomeRoute(APIRoute):
    """What `Page` is for a service's pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_and_renew(request: Request) -> Response:
            await keep_form(request)
            response = await handle(request)
            renew(request, response)
            return response

        return handle_and_renew
