"""What the tests of mail and webhooks hold in their hands: mailboxes, endpoints, a post room."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from order_parts import Ticketing

from holdfast.organisation import Organisation, Unit, Webhook, read_organisation
from services.ticketing.handlers.poll_deliveries import PostRoom
from shared.database import unit_of_work

WAIT_SECONDS = 10.0


@dataclass
class Box:
    """A mail server in a thread of its own; `answer` is its word on each recipient."""

    mails: list[Message] = field(default_factory=list[Message])
    envelopes: list[Envelope] = field(default_factory=list[Envelope])
    answer: str = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name.
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above.
        assert isinstance(envelope.content, bytes)
        self.envelopes.append(envelope)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@contextmanager
def receiving(box: Box, port: int) -> Generator[None]:
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@dataclass
class Endpoint:
    """A web server that answers as it is told, and keeps what it was sent."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hangs: bool = False
    received: list[tuple[dict[str, str], bytes]] = field(
        default_factory=list[tuple[dict[str, str], bytes]]
    )
    port: int = 0
    free: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(endpoint: Endpoint) -> Generator[Endpoint]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.received.append((dict(self.headers.items()), body))
            if endpoint.hangs:
                endpoint.free.wait(WAIT_SECONDS * 2)
                return
            self.send_response(endpoint.status)
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name.
            """Tests say what happened."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    endpoint.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.free.set()
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def an_organisation(version: int, changes: dict[str, dict[str, object]]) -> Organisation:
    """The shipped tree in a newer version; `changes` by the code of a unit."""
    units = [
        Unit.model_validate(unit.model_dump() | changes.get(unit.code, {}))
        for unit in read_organisation().units
    ]
    return Organisation(version=version, units=tuple(units))


def a_webhook(port: int, *, host: str = "127.0.0.1", secret: str = "branch") -> Webhook:  # noqa: S107 - a name.
    return Webhook(url=f"http://{host}:{port}/orders", secret=secret)


def keys_in(folder: Path, **keys: str) -> Path:
    for name, key in keys.items():
        (folder / name).write_text(key)
    return folder


async def poll(ticketing: Ticketing, room: PostRoom) -> int:
    async with unit_of_work(ticketing.worker) as uow:
        return await room.poll(uow_time(), uow)


def uow_time() -> Any:  # noqa: ANN401 - deliveries look at no business time.
    return None


async def comes_true(
    ticketing: Ticketing, room: PostRoom, fact: Callable[[], Awaitable[bool]]
) -> None:
    """Poll until a fact holds; a lane works in between."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not await fact():
        assert time.monotonic() < deadline, "it did not come true"
        if not await poll(ticketing, room):
            await asyncio.sleep(0.01)


async def deliveries_of(ticketing: Ticketing, order_id: UUID) -> list[dict[str, Any]]:
    rows = await ticketing.rows(
        "SELECT * FROM delivery WHERE order_id = $1 ORDER BY created_at, channel, unit", order_id
    )
    return [dict(row) for row in rows]
