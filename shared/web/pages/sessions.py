"""Who is signed in: a sealed cookie, for an hour without an act and for twelve hours at most.

The cookie carries the caller's claims under our own signature (HS256), so every process that knows
the key can read it and none has to keep it. It cannot be taken back before it ends; signing out
makes the browser forget it (docs/decisions/0010-pages.md).
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import ValidationError
from starlette.responses import Response

from shared.identity import Caller, caller_of

IDLE_SECONDS = 60 * 60
ABSOLUTE_SECONDS = 12 * 60 * 60
LOGIN_SECONDS = 10 * 60  # from our login page to the provider's and back
RENEW_SECONDS = 60  # an act within a minute of the last one need not be noted anew
KEY_BYTES_MIN = 32
COOKIE_BYTES_MAX = 4096  # browsers drop what is larger
_ALGORITHMS = ["HS256"]


class WeakKey(Exception):  # noqa: N818 - the message says what to do.
    """The key that seals sessions could be guessed."""


@dataclass(frozen=True)
class Session:
    """A person at a browser; times are machine time, in seconds."""

    caller: Caller
    id: str
    began: int
    seen: int

    def fits(self, now: int) -> bool:
        return self.left(now) > 0

    def left(self, now: int) -> int:
        """Seconds until it ends if nobody acts."""
        return min(self.seen + IDLE_SECONDS, self.began + ABSOLUTE_SECONDS) - now

    def wants_renewal(self, now: int) -> bool:
        return now - self.seen >= RENEW_SECONDS


class Sessions:
    """Seals and opens the cookies of one installation."""

    def __init__(self, key: str, *, public_url: str, now: Callable[[], float] = time.time) -> None:
        """Raises WeakKey: fewer than 32 bytes."""
        if len(key.encode()) < KEY_BYTES_MIN:
            raise WeakKey("HOLDFAST_SESSION_KEY needs at least 32 bytes: `openssl rand -hex 32`")
        self._key = key.encode()
        self._now = now
        address = urlsplit(public_url)
        self.origin = f"{address.scheme}://{address.netloc}"
        self.secure = address.scheme == "https"
        # With this prefix a browser takes the cookie from this very host and over https only.
        prefix = "__Host-" if self.secure else ""
        self.cookie = f"{prefix}holdfast"
        self.login_cookie = f"{prefix}holdfast-login"

    def now(self) -> int:
        return int(self._now())

    def begin(self, caller: Caller) -> Session:
        now = self.now()
        return Session(caller, secrets.token_urlsafe(16), began=now, seen=now)

    def seal(self, session: Session) -> str:
        """The session as a cookie's value; sealing notes that its person acted now."""
        noted = replace(session, seen=self.now())
        caller = noted.caller
        return self.sealed(
            "session",
            {
                "sub": caller.subject,
                "name": caller.name,
                "roles": sorted(caller.roles),
                "org": caller.organisation,
                "sid": noted.id,
                "began": noted.began,
                "seen": noted.seen,
            },
        )

    def opened(self, cookie: str | None) -> Session | None:
        """The session that a cookie holds, unless it is over, or not ours."""
        claims = self.unsealed("session", cookie)
        try:
            if claims is None:
                return None
            session = Session(
                caller_of(claims), str(claims["sid"]), int(claims["began"]), int(claims["seen"])
            )
        except (ValidationError, KeyError, TypeError, ValueError):
            return None
        return session if session.fits(self.now()) else None

    def sealed(self, purpose: str, claims: dict[str, Any]) -> str:
        """Claims under a key that is good for one purpose only."""
        return jwt.encode({"alg": "HS256"}, claims, self._derived(purpose))

    def unsealed(self, purpose: str, text: str | None) -> dict[str, Any] | None:
        """The claims that were sealed for this purpose; None for whatever else comes."""
        if not text or len(text) > COOKIE_BYTES_MAX:
            return None
        try:
            return dict(jwt.decode(text, self._derived(purpose), algorithms=_ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError, KeyError):
            return None

    def form_token(self, session: Session) -> str:
        """What a form carries to show that we drew it for this session."""
        message = f"form/{session.id}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def is_form_token(self, session: Session, token: str) -> bool:
        return hmac.compare_digest(self.form_token(session).encode(), token.encode())

    def set(self, response: Response, session: Session) -> None:
        """Let the browser keep the session: for this host, out of reach of scripts."""
        self._set(response, self.cookie, self.seal(session), ABSOLUTE_SECONDS)

    def set_login(self, response: Response, sealed: str) -> None:
        self._set(response, self.login_cookie, sealed, LOGIN_SECONDS)

    def forget(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def _derived(self, purpose: str) -> OctKey:
        derived = hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()
        return OctKey.import_key(derived)
