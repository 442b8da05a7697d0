"""The local stack's own issuer: one Ed25519 key, its JWKS, and tokens of an hour.

In production an identity provider is the issuer; the check of its tokens is the same.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.identity import AUDIENCE, ONE_ALGORITHM, Caller

ISSUER = "urn:holdfast:local"
HOURS_MAX = 12  # a working day; a leaked token should not outlive it
_NOT_BEFORE_SECONDS = 5  # clocks of two processes on one machine still differ by a little


class NoIssuer(Exception):  # noqa: N818 - the message says what to do.
    """There is no issuer key here."""


@dataclass(frozen=True)
class Issuer:
    """The key that signs, and where its public half lies for those who check."""

    key: OKPKey
    jwks: Path

    @property
    def kid(self) -> str:
        return self.key.thumbprint()


def ensure_issuer(home: Path) -> Issuer:
    """The issuer of the stack in `home`; makes `issuer.key` (0600) and `jwks.json` if missing."""
    home.mkdir(parents=True, exist_ok=True)
    private = home / "issuer.key"
    if not private.exists():
        _write(private, OKPKey.generate_key("Ed25519").as_pem(private=True), mode=0o600)
    issuer = open_issuer(home)
    public = {**issuer.key.as_dict(private=False), "kid": issuer.kid, "use": "sig", "alg": "EdDSA"}
    jwks = json.dumps({"keys": [public]}, indent=2).encode() + b"\n"
    if not issuer.jwks.exists() or issuer.jwks.read_bytes() != jwks:
        _write(issuer.jwks, jwks, mode=0o644)
    return issuer


def open_issuer(home: Path) -> Issuer:
    """The issuer of a stack that has one.

    Raises:
        NoIssuer: the stack was never up.
    """
    try:
        return Issuer(OKPKey.import_key((home / "issuer.key").read_bytes()), home / "jwks.json")
    except FileNotFoundError as error:
        raise NoIssuer(f"no issuer key in {home}: run `holdfast up` first") from error


def mint(issuer: Issuer, caller: Caller, *, hours: float = 1, now: float | None = None) -> str:
    """A token for `caller`.

    Raises:
        ValueError: for longer than a working day.
    """
    if not 0 < hours <= HOURS_MAX:
        raise ValueError(f"a token lives for more than 0 and at most {HOURS_MAX} hours")
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": caller.subject,
        "name": caller.name,
        "roles": sorted(caller.roles),
        "org": caller.organisation,
        "iat": issued,
        "nbf": issued - _NOT_BEFORE_SECONDS,
        "exp": issued + int(hours * 3600),
    }
    return jwt.encode(
        {"alg": "EdDSA", "kid": issuer.kid}, claims, issuer.key, registry=ONE_ALGORITHM
    )


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """All of it or nothing: whoever follows the file never reads half a key."""
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.rename(path)
