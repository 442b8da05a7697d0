"""Webhooks leave: signed (Standard Webhooks), to an address that was checked, never redirected."""

import asyncio
import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from standardwebhooks import Webhook

from services.ticketing.domain.delivering import Answer, Outcome, http_answer
from services.ticketing.domain.endpoint_addresses import (
    Address,
    Network,
    TargetRefused,
    chosen,
    host_and_port,
)
from services.ticketing.domain.notices import Notice
from services.ticketing.handlers.carrying import Carried, order_url
from services.ticketing.store.deliveries import Parcel
from shared.working_calendar import ZONE

CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 10.0  # name, connection and answer together

_SECRET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


class NoSecret(Exception):  # noqa: N818 - the message says what to do.
    """There is nothing to sign with; the message says where it is looked for."""


def _client() -> httpx2.AsyncClient:
    # No connection is kept: the next one may be to another name behind the same address.
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
    )


@dataclass(frozen=True)
class Poster:
    """Posts notices to endpoints; `secrets` holds a file for each name in the organisation file."""

    secrets: Path | None
    allowed: Sequence[Network]
    public_url: str
    _http: httpx2.AsyncClient = field(default_factory=_client)

    async def carry(self, parcels: Sequence[Parcel], carried: Carried) -> None:
        """Post these side by side: one endpoint's, so few that it can bear them at once."""
        await asyncio.gather(*(self._one(parcel, carried) for parcel in parcels))

    async def _one(self, parcel: Parcel, carried: Carried) -> None:
        host = None
        try:
            url = _endpoint(parcel)
            host, port = host_and_port(url)
            async with asyncio.timeout(WHOLE_SECONDS):
                answer = await self._posted(parcel, url, (host, port))
        except TargetRefused as refused:
            answer = Answer(Outcome.REFUSED, str(refused))
        except NoSecret as missing:
            answer = Answer(Outcome.RETRY, str(missing))
        except TimeoutError:
            answer = Answer(Outcome.RETRY, f"no answer within {WHOLE_SECONDS:.0f} s")
        except (httpx2.HTTPError, OSError, UnicodeError) as fault:
            answer = Answer(Outcome.RETRY, f"{type(fault).__name__}: {fault}")
        carried(parcel, answer, host)

    async def _posted(self, parcel: Parcel, url: str, place: tuple[str, int]) -> Answer:
        address = await self._address(url, place)
        body = payload(parcel.notice, self.public_url)
        headers = {
            "Host": _host_header(url),
            "Content-Type": "application/json",
            "User-Agent": "Holdfast-Webhooks",
            **self._signed(parcel, body),
        }
        # Whatever it answers with is not read: the status says all, and a body may have no end.
        async with self._http.stream(
            "POST",
            httpx2.URL(url).copy_with(host=str(address)),
            content=body.encode(),
            headers=headers,
            extensions={"sni_hostname": place[0]},
        ) as answered:
            retry_after = answered.headers.get("Retry-After")
            return http_answer(answered.status_code, retry_after, datetime.now(UTC))

    async def _address(self, url: str, place: tuple[str, int]) -> Address:
        """Resolved once, and connected to as it was judged."""
        host, port = place
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return chosen(httpx2.URL(url).scheme, [str(one[4][0]) for one in found], self.allowed)

    def _signed(self, parcel: Parcel, body: str) -> dict[str, str]:
        """With every key of the endpoint: while a key is changed, both are valid."""
        now = datetime.now(UTC)
        message = str(parcel.delivery_id)
        keys = self._keys(parcel.secret or "")
        signatures = [Webhook(key).sign(message, now, body) for key in keys]
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _keys(self, name: str) -> list[str]:
        """The keys under a name, one a line; read anew each time, so a changed file counts."""
        if self.secrets is None:
            raise NoSecret("set HOLDFAST_WEBHOOK_SECRETS to a folder with a file for each secret")
        if not _SECRET_NAME.fullmatch(name):
            raise NoSecret(f"{name!r} is no name of a secret; mend it in the organisation file")
        try:
            keys = (self.secrets / name).read_text(encoding="ascii").split()
        except (OSError, UnicodeError) as fault:
            raise NoSecret(f"the secret {name} cannot be read: {type(fault).__name__}") from fault
        if not keys or not all(key.startswith("whsec_") for key in keys):
            raise NoSecret(f"the secret {name} must hold keys that begin with whsec_, one a line")
        return keys


def _endpoint(parcel: Parcel) -> str:
    if parcel.address is None:
        raise TargetRefused(f"unit {parcel.unit} has no endpoint, or it is disabled")
    return parcel.address


def _host_header(url: str) -> str:
    """The name as the endpoint knows it, though the connection goes to its address."""
    return httpx2.URL(url).netloc.decode("ascii")


def payload(notice: Notice, public_url: str) -> str:
    """What an endpoint is told: the order, and nothing that leads to a person."""
    told = {
        "type": f"work_order.{notice.kind}",
        "timestamp": notice.at.astimezone(ZONE).isoformat(),
        "data": {
            "order_id": str(notice.order_id),
            "number": notice.number,
            "version": notice.version,
            "order_type": notice.order_type,
            "county": notice.county,
            "department": notice.department,
            "state": notice.state,
            "due_at": notice.due_at.astimezone(ZONE).isoformat(),
            "escalation_level": notice.escalation_level,
            "url": order_url(public_url, notice.number),
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
