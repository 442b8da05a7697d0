"""No request is larger than its limit, whatever it says about its length."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Counts what arrives. Starlette's own limit answers in plain text, ours as a problem."""

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        counted = 0

        async def receive_counted() -> Message:
            nonlocal counted
            # Before the first byte is taken, and inside the app, whose handlers render it.
            self._check(int(announced) if announced.isdecimal() else 0)
            message = await receive()
            counted += len(message.get("body", b""))
            self._check(counted)
            return message

        await self._app(scope, receive_counted, send)

    def _check(self, size: int) -> None:
        if size > self._bytes_max:
            # An HTTPException passes through FastAPI's reading of the body as it is.
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {self._bytes_max} bytes"
            )
