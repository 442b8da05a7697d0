"""The bytes of a mail to a branch: plain text and simple HTML, one thread an order (ux 4.21)."""

import re
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from html import escape
from uuid import UUID

from services.ticketing.domain.mail_texts import Language, MailText

_TAG = {Language.ZH: "zh-CN", Language.EN: "en"}
# What stands between the angle brackets of an address; nothing that could end a header.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")


class NoAddress(ValueError):  # noqa: N818 - the message says what to do.
    """This is no address that mail can be sent to; mend it in the organisation file."""


@dataclass(frozen=True)
class Envelope:
    """From whom to whom, and which delivery of which order it is."""

    sender: str
    recipient: str
    delivery_id: UUID
    order_id: UUID
    sent_at: datetime


def message_id(delivery_id: UUID, sender: str) -> str:
    """The same however often it is sent: a mailbox may know a repeat by it."""
    return f"<{delivery_id}@{sender.rpartition('@')[2]}>"


def mail(envelope: Envelope, said: MailText, *, language: Language, url: str) -> bytes:
    """The whole message.

    Put together here: every header is ASCII and short, and the library's own way of folding them
    would cost more than all the rest of a delivery.

    Raises:
        NoAddress: sender or recipient is none.
    """
    boundary = f"holdfast-{envelope.delivery_id.hex}"
    headers = {
        **_headers(envelope, said, language),
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    plain = _part("plain", f"{said.lead}{url}\n\n{said.footer}\n")
    html = _part("html", _html(said, language, url))
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    whole = f"{head}\n--{boundary}\n{plain}\n--{boundary}\n{html}\n--{boundary}--\n"
    return whole.replace("\n", "\r\n").encode("ascii")


def _part(kind: str, content: str) -> str:
    encoded = encodebytes(content.encode()).decode("ascii")
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n'
        f"{encoded}"
    )


def _headers(envelope: Envelope, said: MailText, language: Language) -> dict[str, str]:
    sender, recipient = _checked(envelope.sender), _checked(envelope.recipient)
    # No mail has the id of the thread: whatever comes first or is lost, the others belong together.
    thread = f"<order-{envelope.order_id}@{sender.rpartition('@')[2]}>"
    return {
        "Subject": Header(said.subject, "utf-8", header_name="Subject").encode(),
        "From": f"Holdfast <{sender}>",
        "To": recipient,
        "Date": format_datetime(envelope.sent_at),
        "Message-ID": message_id(envelope.delivery_id, sender),
        "In-Reply-To": thread,
        "References": thread,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": _TAG[language],
    }


def _checked(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise NoAddress(f"{address!r} is no mail address; mend it in the organisation file")
    return address


def _html(said: MailText, language: Language, url: str) -> str:
    link = f'<a href="{escape(url)}">{escape(url)}</a>'
    return (
        f'<!doctype html><html lang="{_TAG[language]}"><head><meta charset="utf-8">'
        f"<title>{escape(said.subject)}</title></head>"
        f"<body><p>{escape(said.lead)}{link}</p><hr><p>{escape(said.footer)}</p></body></html>\n"
    )
