"""Mails leave: a few over one connection, each with the server's own answer (TK-06)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services.ticketing.domain.delivering import Answer, Outcome, smtp_answer
from services.ticketing.domain.mail import Envelope, NoAddress, mail
from services.ticketing.domain.mail_texts import mail_text
from services.ticketing.handlers.carrying import Carried, order_url
from services.ticketing.store.deliveries import Parcel

COMMAND_SECONDS = 10.0  # for each word of the server; RFC 5321 would let it think for minutes

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class NoMailServer(ValueError):  # noqa: N818 - the message says what to do.
    """HOLDFAST_SMTP cannot be read; the message says how it is written."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, how the connection is protected, and as whom."""

    host: str
    port: int
    scheme: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def mail_server(url: str) -> MailServer:
    """The server that a URL names: smtp://, smtp+starttls:// or smtps://, with or without a user.

    Raises:
        NoMailServer: it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NoMailServer(f"HOLDFAST_SMTP cannot be read: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NoMailServer(
            "HOLDFAST_SMTP is smtp://, smtp+starttls:// or smtps://[USER:PASSWORD@]HOST"
        )
    return MailServer(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


@dataclass(frozen=True)
class Mailer:
    """Hands mails to one server; `sender` is the address that they come from."""

    server: MailServer
    sender: str
    public_url: str

    async def carry(self, parcels: Sequence[Parcel], carried: Carried) -> None:
        """Send these over one connection, telling `carried` what came of each as it comes."""
        client = self._client()
        try:
            await client.connect()
            for parcel in parcels:
                carried(parcel, await self._sent(client, parcel), parcel.address)
            await client.quit()
        except (SMTPException, OSError) as fault:
            # Those that had no answer of their own have this one.
            carried.rest(_away(fault))
        finally:
            client.close()

    def _client(self) -> SMTP:
        server = self.server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.scheme == "smtps",
            start_tls=server.scheme == "smtp+starttls",
            timeout=COMMAND_SECONDS,
            # Not asked of the resolver, which may hang.
            local_hostname=self.sender.rpartition("@")[2],
        )

    async def _sent(self, client: SMTP, parcel: Parcel) -> Answer:
        """The server's answer to this mail; a fault of the connection is raised."""
        try:
            recipient, content = self._written(parcel)
            _, said = await client.sendmail(self.sender, [recipient], content)
        except NoAddress as refused:
            return Answer(Outcome.REFUSED, str(refused))
        except SMTPRecipientsRefused as refused:
            [first, *_] = refused.recipients
            return smtp_answer(first.code, f"{first.code} {first.message}")
        except SMTPServerDisconnected:
            raise
        except SMTPResponseException as refused:
            return smtp_answer(refused.code, f"{refused.code} {refused.message}")
        return Answer(Outcome.DELIVERED, f"250 {said}", 250)

    def _written(self, parcel: Parcel) -> tuple[str, bytes]:
        if parcel.address is None:
            raise NoAddress(f"unit {parcel.unit} has no mailbox any more")
        envelope = Envelope(
            sender=self.sender,
            recipient=parcel.address,
            delivery_id=parcel.delivery_id,
            order_id=parcel.notice.order_id,
            sent_at=datetime.now(UTC),
        )
        said = mail_text(parcel.notice, parcel.names, parcel.language)
        url = order_url(self.public_url, parcel.notice.number)
        return parcel.address, mail(envelope, said, language=parcel.language, url=url)


def _away(fault: Exception) -> Answer:
    status = fault.code if isinstance(fault, SMTPResponseException) else None
    return Answer(Outcome.RETRY, f"the mail server: {fault or type(fault).__name__}", status)
