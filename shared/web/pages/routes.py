"""A service's pages as routes: signed in, admitted by the same policy rows as the API."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from shared.web.access import admit
from shared.web.operations import Operation
from shared.web.pages.drawing import session_of
from shared.web.pages.shell import shell_of
from shared.web.pages.signed_in import SAFE_METHODS, signed_in

EVENT_STREAM = "text/event-stream"  # a stream that stays open is no act of its person


class Page(Operation):
    """A route for people. Its name is the API operation it stands for, whose policy row decides."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_and_renew(request: Request) -> Response:
            await keep_form(request)
            response = await handle(request)
            renew(request, response)
            return response

        return handle_and_renew


def pages() -> APIRouter:
    """The router of a service's `pages.py`: `@router.get("/orders", name="readOrders")`.

    Its parameters are those of `api.py`; a `Bearer` token opens no page.
    """
    return APIRouter(
        route_class=Page,
        dependencies=[Depends(signed_in), Depends(admit)],
        include_in_schema=False,
    )


async def keep_form(request: Request) -> None:
    """Read what was sent once: for its fields, its fingerprint, and to be shown if refused."""
    if request.method not in SAFE_METHODS:
        await request.body()
        await request.form()


def renew(request: Request, response: Response) -> None:
    """Note in the cookie that the person acted, at most once a minute."""
    session = session_of(request)
    sessions = shell_of(request).sessions
    if session is None or response.headers.get("content-type", "").startswith(EVENT_STREAM):
        return
    if session.wants_renewal(sessions.now()) and not _sets(response, sessions.cookie):
        sessions.set(response, session)


def _sets(response: Response, cookie: str) -> bool:
    return any(value.startswith(f"{cookie}=") for value in response.headers.getlist("set-cookie"))
