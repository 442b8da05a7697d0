"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a repeat is answered, not done.

The key is claimed and the answer kept in the transaction of the effect itself: a crash leaves
both or neither. A refusal rolls back, so it leaves no trace and its key may be used again.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from shared.errors import Conflict, Malformed
from shared.tracing import Trace
from shared.web.access import Admitted
from shared.web.transaction import Transaction

KEY_LENGTH_MAX = 255
REPLAYED = "Idempotency-Replayed"
# What of an answer is kept beside its body; lengths and dates are made anew.
KEPT_HEADERS = ("content-type", "etag", "location")


class InFlight(Conflict):
    slug = "in-flight"
    title = "The first request with this Idempotency-Key is still being carried out"


class KeyReused(Malformed):
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key came with another request before"


@dataclass(frozen=True)
class Claim:
    """The right to carry out one request, held by its transaction."""

    connection: AsyncConnection
    caller: str
    key: str
    fingerprint: bytes

    @property
    def cause(self) -> str:
        """The id of this request as a cause: the ids of its effects derive from it."""
        return f"{self.caller}/{self.key}"


class Repeated(Exception):  # noqa: N818 - no error: the answer is already there.
    """The same request came again; carries what was answered the first time."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


# The lock says "in flight" at once where a unique index would make the second request wait. It is
# asked for by whoever inserts, so nobody ever waits for the index.
_LOCK = """pg_try_advisory_xact_lock(
    hashtextextended(current_schema() || '/' || CAST(:caller AS text) || '/' || :key, 0))"""

_CLAIM = text(f"""
    INSERT INTO idempotency (caller, key, fingerprint)
    SELECT CAST(:caller AS text), CAST(:key AS text), CAST(:fingerprint AS bytea) WHERE {_LOCK}
    ON CONFLICT DO NOTHING RETURNING true
""")

# Machine time, by the database's clock: a key lives 24 hours.
_EXPIRED = "created_at < clock_timestamp() - interval '24 hours'"

_KEPT = text(f"""
    SELECT fingerprint, status, body, headers, {_EXPIRED} AS expired
    FROM idempotency WHERE caller = :caller AND key = :key
""")  # noqa: S608 - as above.

_FORGET = text(f"""
    DELETE FROM idempotency WHERE caller = :caller AND key = :key AND {_EXPIRED} AND {_LOCK}
""")  # noqa: S608 - as above.

_KEEP = text("""
    UPDATE idempotency SET status = :status, body = :body, headers = CAST(:headers AS jsonb)
    WHERE caller = :caller AND key = :key
""")


async def claim(
    request: Request,
    admission: Admitted,
    uow: Transaction,
    key: Annotated[
        str,
        # A structured-field string comes in double quotes; most callers send it bare.
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=KEY_LENGTH_MAX,
            pattern=r'^("[!#-~]+"|[!#-~]+)$',
            description="One per act of yours; the same again when you repeat it",
        ),
    ],
) -> Claim:
    """Claim the key, or answer from what it led to before.

    Raises:
        Repeated: done before; carries the answer.
        InFlight: the first one is not finished.
        KeyReused: the key belongs to another request.
    """
    claimed = Claim(
        uow.connection, admission.caller.subject, key.strip('"'), await _fingerprint(request)
    )
    if not await _run(claimed, _CLAIM):
        await _look_back(claimed)
    request.state.claim = claimed
    trace: Trace = request.state.trace
    uow.traces[claimed.cause] = Trace(trace.traceparent, claimed.cause)
    return claimed


Once = Annotated[Claim, Depends(claim)]


async def keep_answer(request: Request, response: Response) -> None:
    """Keep the answer beside the effect, in its transaction, if the request claimed a key."""
    claimed: Claim | None = getattr(request.state, "claim", None)
    if claimed is None:
        return
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    await claimed.connection.execute(
        _KEEP,
        {
            "caller": claimed.caller,
            "key": claimed.key,
            "status": response.status_code,
            "body": bytes(response.body),
            "headers": json.dumps(kept),
        },
    )


async def _look_back(claimed: Claim) -> None:
    """Somebody was here before: return only if that is longer ago than a key lives."""
    row = (await claimed.connection.execute(_KEPT, _named(claimed))).one_or_none()
    if row is None:
        raise InFlight
    if row.expired:
        await claimed.connection.execute(_FORGET, _named(claimed))
        if not await _run(claimed, _CLAIM):
            raise InFlight
        return
    if row.fingerprint != claimed.fingerprint:
        raise KeyReused("Take a new key for a new request")
    raise Repeated(Response(row.body, row.status, {**row.headers, REPLAYED: "true"}))


async def _run(claimed: Claim, statement: TextClause) -> bool:
    parameters = {**_named(claimed), "fingerprint": claimed.fingerprint}
    return (await claimed.connection.execute(statement, parameters)).one_or_none() is not None


def _named(claimed: Claim) -> dict[str, Any]:
    return {"caller": claimed.caller, "key": claimed.key}


async def _fingerprint(request: Request) -> bytes:
    """The request as it was sent: method, path, query and the bytes of the body."""
    url = request.url
    head = f"{request.method} {url.path}?{url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).digest()
