"""What the tests of mail and webhooks hold in their hands: mailboxes, endpoints, a post room."""

import asyncio
import itertools
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

import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from order_parts import Ticketing
from ticketing_facts import DONGHU, FRIDAY

from holdfast.organisation import load_into, read_organisation
from services.ticketing.domain.notices import Channel
from services.ticketing.handlers.poll_deliveries import PostRoom
from services.ticketing.handlers.send_mail import Mailer, mail_server
from shared.database import unit_of_work

WAIT_SECONDS = 30.0


@dataclass
class Box:
    """A mail server in a thread of its own; `answer` is its word on each recipient."""

    mails: list[Message] = field(default_factory=list[Message])
    envelopes: list[Envelope] = field(default_factory=list[Envelope])
    answer: str = "250 OK"
    filled: threading.Event = field(default_factory=threading.Event)

    def about(self, order_id: UUID) -> list[Message]:
        """One thread, in the order of arrival."""
        return [mail for mail in self.mails if str(order_id) in str(mail["References"])]

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
        self.filled.set()
        return "250 taken"


@contextmanager
def receiving(box: Box, port: int, *, password: str = "") -> Generator[None]:
    """Take mail; whoever says who they are must be `holdfast` and know the password."""

    def known(  # aiosmtpd's way of asking.
        _server: SMTP, _session: Session, _envelope: Envelope, _how: str, told: LoginPassword
    ) -> AuthResult:
        asked = (b"holdfast", password.encode())
        return AuthResult(success=(told.login, told.password) == asked, handled=False)

    controller = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=known, auth_require_tls=False
    )
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


_versions = itertools.count(2)


async def reach(ticketing: Ticketing, folder: Path, **changes: object) -> None:
    """Load a newer organisation file, in which the county of Donghu differs so."""
    tree = read_organisation().model_dump(mode="json", exclude_none=True)
    [county] = [unit for unit in tree["units"] if unit["code"] == DONGHU]
    county.update(changes)
    tree["units"] = [
        {name: value for name, value in unit.items() if value is not None} for unit in tree["units"]
    ]
    tree["version"] = next(_versions)
    file = folder / f"organisation-{tree['version']}.yaml"
    file.write_text(yaml.safe_dump(tree))
    await asyncio.to_thread(load_into, ticketing.urls["migrate"], file)


def webhook_to(port: int, *, host: str = "127.0.0.1") -> dict[str, str]:
    return {"url": f"http://{host}:{port}/orders", "secret": "branch"}


async def poll(ticketing: Ticketing, room: PostRoom) -> int:
    async with unit_of_work(ticketing.worker) as uow:
        return await room.poll(FRIDAY, uow)


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


async def at_once(ticketing: Ticketing, order_id: UUID) -> None:
    """As if the wait, or the lease of a worker that died, were over."""
    await ticketing.rows("UPDATE delivery SET next_at = now() WHERE order_id = $1", order_id)


def settled(ticketing: Ticketing, *order_ids: UUID) -> Callable[[], Awaitable[bool]]:
    async def fact() -> bool:
        found = [await deliveries_of(ticketing, order_id) for order_id in order_ids]
        return all(one["settled_at"] for deliveries in found for one in deliveries)

    return fact


def tried(ticketing: Ticketing, order_id: UUID, times: int) -> Callable[[], Awaitable[bool]]:
    async def fact() -> bool:
        rows = await ticketing.rows(
            """SELECT count(*) FROM delivery_receipt JOIN delivery USING (delivery_id)
               WHERE order_id = $1""",
            order_id,
        )
        return rows[0][0] >= times

    return fact


async def forget(ticketing: Ticketing) -> None:
    """Leave nothing that another test's post room would send."""
    await ticketing.rows(
        "UPDATE delivery SET state = 'failed', settled_at = now()"
        " WHERE state IN ('waiting', 'sending')"
    )


PUBLIC_URL = "https://holdfast.example"


def a_mail_room(port: int, *, scheme: str = "smtp", user: str = "") -> PostRoom:
    server = mail_server(f"{scheme}://{user}127.0.0.1:{port}")
    mailer = Mailer(server, "holdfast@wangjiang.example", PUBLIC_URL)
    return PostRoom({Channel.MAIL: mailer}, look_seconds=0)
