"""The public HTTP APIs as one person or system uses them: own token, keys for repeats, patience."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2

from holdfast.tokens import Issuer, mint
from shared.identity import Caller, Role

TOKEN_SECONDS = 1_800  # half of its life
ATTEMPTS_MAX = 8
PAUSE_SECONDS = 0.25
TIMEOUT_SECONDS = 20.0
CONNECTIONS_MAX = 40
PAGE_ROWS = 200
WORLDS_FAULTS = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)

Json = Mapping[str, Any]
Query = str | int | Sequence[str]


class Refused(Exception):  # noqa: N818 - an answer that the caller did not expect.
    """A request was refused for a reason that waiting does not mend."""


@dataclass(frozen=True)
class Reply:
    """An answer: its status, what it says, and the version of what it is about."""

    status: int
    body: Any
    etag: str | None = None

    @property
    def done(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def connect(web_port: int) -> httpx2.AsyncClient:
    """The one set of connections that everybody shares."""
    limits = httpx2.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=None)
    # On this machine: a proxy that the environment names has nothing to do with it.
    return httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{web_port}",
        limits=limits,
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )


class Gateway:
    """What one caller may do, with a token that is renewed before it ends."""

    def __init__(
        self, client: httpx2.AsyncClient, issuer: Issuer, *, subject: str, role: Role, org: str
    ) -> None:
        self.subject = subject
        self.organisation = org
        self._client = client
        self._issuer = issuer
        self._caller = Caller(subject, subject, frozenset({role}), org)
        self._token = ""
        self._minted = -float("inf")

    async def get(self, path: str, **query: Query) -> Reply:
        return await self._sent("GET", path, params=query)

    async def post(self, path: str, body: Json | None = None, *, etag: str | None = None) -> Reply:
        """An act; a repeat after a lost answer is the same act."""
        headers = {"Idempotency-Key": str(uuid4())}
        if etag is not None:
            headers["If-Match"] = etag
        return await self._sent("POST", path, json=body or {}, headers=headers)

    async def put(self, path: str, body: Any) -> Reply:  # noqa: ANN401 - any JSON.
        headers = {"Idempotency-Key": str(uuid4())}
        return await self._sent("PUT", path, json=body, headers=headers)

    async def upload(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """Bytes that are no JSON, with their own headers."""
        return await self._sent("POST", path, content=content, headers=dict(headers))

    async def items(self, path: str, **query: Query) -> AsyncIterator[Json]:
        """Every row of a list, page after page.

        Raises:
            Refused: the list cannot be read.
        """
        cursor = ""
        while True:
            after = {"cursor": cursor} if cursor else {}
            reply = await self.get(path, limit=PAGE_ROWS, **query, **after)
            if not reply.done:
                raise Refused(f"{self.subject}: {path} answered {reply.status} {reply.body}")
            for item in reply.body["items"]:
                yield item
            cursor = reply.body.get("next_cursor") or ""
            if not cursor:
                return

    async def _sent(self, method: str, path: str, **request: Any) -> Reply:  # noqa: ANN401
        """The answer, once the world's faults have passed.

        Raises:
            Refused: they did not pass.
        """
        headers: dict[str, str] = request.pop("headers", {})
        fault = ""
        for attempt in range(ATTEMPTS_MAX):
            headers["Authorization"] = f"Bearer {self._valid_token()}"
            try:
                answer = await self._client.request(method, path, headers=headers, **request)
            except httpx2.TransportError as error:
                fault = type(error).__name__
            else:
                if answer.status_code not in WORLDS_FAULTS:
                    return _reply(answer)
                fault = f"{answer.status_code} {answer.text[:200]}"
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
        raise Refused(f"{self.subject}: {method} {path} failed {ATTEMPTS_MAX} times: {fault}")

    def _valid_token(self) -> str:
        if time.monotonic() - self._minted > TOKEN_SECONDS:
            self._token = mint(self._issuer, self._caller)
            self._minted = time.monotonic()
        return self._token


def _reply(answer: httpx2.Response) -> Reply:
    is_json = "json" in answer.headers.get("content-type", "")
    body = answer.json() if is_json and answer.content else answer.text
    return Reply(answer.status_code, body, answer.headers.get("etag"))
