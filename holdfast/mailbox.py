"""The local stack's mail server: whatever is sent to whomever stays here, and a page shows it.

It listens to this machine alone and delivers nothing; no image holds it. In production
HOLDFAST_SMTP names the operator's own server.
"""

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, PlainTextResponse

from shared.health import QuietServer

HOST = "127.0.0.1"
MAILS_MAX = 5_000  # the oldest go: this is a desk's box, no archive
LOOK_EVERY = 100  # mails, between two looks for the oldest
SHOWN_MAX = 100
MAIL_BYTES_MAX = 1_000_000

_STYLE = (
    "body{font:14px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #8884}pre{white-space:pre-wrap}"
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class Mailbox:
    """Mails as files, named in the order of their arrival."""

    folder: Path
    _taken: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's.
        self.keep(envelope.content)
        return "250 kept"

    def keep(self, content: bytes) -> str:
        """Under a name that sorts behind all others; written whole or not at all."""
        self._taken += 1
        name = f"{time.time_ns():020d}-{self._taken:06d}"
        fresh = self.folder / f"{name}.part"
        fresh.write_bytes(content)
        fresh.rename(self.folder / f"{name}.eml")
        if self._taken % LOOK_EVERY == 0:  # reading the folder costs more than keeping a mail
            for old in self.names()[MAILS_MAX:]:
                (self.folder / f"{old}.eml").unlink(missing_ok=True)
        return name

    def names(self) -> list[str]:
        """The newest first."""
        return sorted((file.stem for file in self.folder.glob("*.eml")), reverse=True)

    def mail(self, name: str) -> EmailMessage | None:
        """None: there is none of that name."""
        content = self.content(name)
        if content is None:
            return None
        return message_from_bytes(content, policy=default)

    def content(self, name: str) -> bytes | None:
        # Only names that are there: a name from outside makes no path.
        return (self.folder / f"{name}.eml").read_bytes() if name in self.names() else None


def inbox(box: Mailbox) -> FastAPI:
    """The pages: the newest mails, one mail, its source; nothing can be changed there."""
    app = FastAPI(openapi_url=None)

    @app.get("/readyz")
    def _ready() -> PlainTextResponse:  # pyright: ignore[reportUnusedFunction] - the app holds it.
        return PlainTextResponse("ready\n")

    @app.get("/")
    def _list() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction] - as above.
        names = box.names()
        rows = "".join(_rows(box, names[:SHOWN_MAX]))
        head = f"<h1>收件箱 / Inbox</h1><p>{len(names)} 封邮件 / mails</p>"
        table = f"<table><tr><th>时间 / Date<th>收件人 / To<th>主题 / Subject</tr>{rows}</table>"
        empty = "<p>还没有邮件。 / No mail yet.</p>"
        return _page(head + (table if names else empty))

    @app.get("/mails/{name}")
    def _one(name: str) -> HTMLResponse:  # pyright: ignore[reportUnusedFunction] - as above.
        mail = box.mail(name)
        if mail is None:
            raise HTTPException(404, "No such mail")
        return _page(_shown(name, mail))

    @app.get("/mails/{name}/source")
    def _source(name: str) -> PlainTextResponse:  # pyright: ignore[reportUnusedFunction] - as above.
        content = box.content(name)
        if content is None:
            raise HTTPException(404, "No such mail")
        return PlainTextResponse(content.decode("utf-8", "replace"), headers=_HEADERS)

    return app


def _page(content: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>收件箱 / Inbox</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<main>{content}</main></html>",
        headers=_HEADERS,
    )


def _rows(box: Mailbox, names: list[str]) -> Iterator[str]:
    for name in names:
        mail = box.mail(name)
        if mail is not None:
            yield (
                f"<tr><td>{_header(mail, 'Date')}<td>{_header(mail, 'To')}"
                f'<td><a href="/mails/{name}">{_header(mail, "Subject")}</a></tr>'
            )


def _shown(name: str, mail: EmailMessage) -> str:
    headers = "".join(
        f"<tr><th>{escape(key)}<td>{_header(mail, key)}</tr>" for key in dict.fromkeys(mail.keys())
    )
    source = f'<a href="/mails/{name}/source">源文 / Source</a>'
    return (
        f'<p><a href="/">‹ 收件箱 / Inbox</a> · {source}</p>'
        f"<h1>{_header(mail, 'Subject')}</h1><pre>{escape(_text(mail))}</pre>"
        f"<table>{headers}</table>"
    )


def _header(mail: EmailMessage, name: str) -> str:
    """A header for a page; one that cannot be read is shown as such, whoever sent it."""
    try:
        return escape(str(mail[name] or "—"))
    except (MessageError, ValueError):
        return "?"


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, KeyError, ValueError):  # a charset that nobody knows
        return "?"


def run(folder: Path, *, smtp_port: int, port: int) -> None:
    """Take mail and show it until SIGTERM."""
    asyncio.run(serve(Mailbox(folder), smtp_port=smtp_port, port=port))


async def serve(box: Mailbox, *, smtp_port: int, port: int) -> None:
    # Only the desk has it.
    smtp = import_module("aiosmtpd.smtp")
    loop = asyncio.get_running_loop()

    def session() -> Any:  # noqa: ANN401 - aiosmtpd's protocol.
        return smtp.SMTP(
            box,
            hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=MAIL_BYTES_MAX,
            loop=loop,
        )

    server = QuietServer(
        uvicorn.Config(inbox(box), host=HOST, port=port, log_level="warning", lifespan="off")
    )

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with await loop.create_server(session, HOST, smtp_port):
        await server.serve()
