"""One line and one measurement per request; the trace goes on from the caller's, or begins."""

import time

from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import telemetry
from shared.logging import get_logger
from shared.tracing import trace_of
from shared.web.doorway import operation_id

log = get_logger(__name__)

METHOD_NOT_ALLOWED = 405
UNMATCHED = "none"  # the path itself would be a label without end


class RequestLog:
    """Wraps a service's app; the path is logged without its query, persons are masked."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        # The correlation id is the request's cause, known only once its caller is.
        state["trace"] = trace_of(Headers(scope=scope).get("traceparent"), "")
        state["trace_id"] = state["trace"].traceparent.split("-")[1]
        status = 500  # what Starlette answers if an error passes through here
        began = time.monotonic()

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            self._record(scope, status, time.monotonic() - began)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        # With 405 the route is one of the same path that the caller did not mean.
        meant = route if status != METHOD_NOT_ALLOWED else None
        operation = _labelled(meant) if meant is not None else UNMATCHED
        telemetry.HTTP_REQUESTS.labels(self._service, operation, str(status)).inc()
        telemetry.HTTP_SECONDS.labels(self._service, operation).observe(seconds)
        log.info(
            "request",
            service=self._service,
            operation=operation,
            method=scope["method"],
            path=scope["path"],
            status=status,
            duration_ms=round(seconds * 1000, 1),
            caller=scope["state"].get("caller"),
            trace_id=scope["state"]["trace_id"],
        )


def _labelled(route: BaseRoute) -> str:
    """A page has the name of the operation that it stands for; here they are told apart."""
    is_page = not getattr(route, "include_in_schema", True)
    return f"page.{operation_id(route)}" if is_page else operation_id(route)
