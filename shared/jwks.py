"""The issuer's public keys, from a file or an address; a broken copy never replaces a good one."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.logging import get_logger

LOOK_SECONDS = 1.0  # a changed file is noticed within this time, a new address asked so often
FOLLOW_SECONDS = 300.0  # how often an address is asked again
FETCH_SECONDS = 5.0
JWKS_BYTES_MAX = 64 * 1024

log = get_logger(__name__)

Keys = Mapping[str, OKPKey]


class KeysUnreadable(Exception):  # noqa: N818 - the message says what to do.
    """There is not one usable key to begin with."""


class KeySource(Protocol):
    """Where the public keys come from: `keys` never waits, `follow` runs beside the requests."""

    def keys(self) -> Keys: ...

    async def follow(self) -> None: ...


def parse_jwks(text: str | bytes) -> dict[str, OKPKey]:
    """The Ed25519 keys of a JWKS by their `kid`; keys of other kinds are not ours to use.

    Only the public members are taken over: whatever else a key says about itself (`alg`, `use`,
    private parts) cannot widen what it is good for.

    Raises:
        KeysUnreadable: no JWKS, or none with an Ed25519 key that has a `kid`.
    """
    if len(text) > JWKS_BYTES_MAX:
        raise KeysUnreadable(f"a JWKS of more than {JWKS_BYTES_MAX} bytes")
    try:
        listed = cast("list[dict[str, Any]]", json.loads(text)["keys"])
        keys = {
            str(key["kid"]): OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": key["x"]})
            for key in listed
            if key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and key.get("kid")
        }
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise KeysUnreadable(f"this is no JWKS: {type(error).__name__}") from error
    if not keys:
        raise KeysUnreadable("the JWKS has no Ed25519 key with a kid")
    return keys


class JwksFile:
    """A file, looked at once a second and read again when its modification time changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._modified = self._modification()
        try:
            self._keys = parse_jwks(path.read_bytes())
        except OSError as error:
            raise KeysUnreadable(
                f"cannot read the keys in {path}: set HOLDFAST_JWKS_FILE to the issuer's JWKS"
            ) from error

    def keys(self) -> Keys:
        return self._keys

    async def follow(self) -> None:
        """Look for as long as the process runs."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Read the file if it changed; keep the last good keys if it cannot be read."""
        modified = self._modification()
        if modified == self._modified:
            return
        self._modified = modified
        try:
            self._keys = parse_jwks(self._path.read_bytes())
        except (OSError, KeysUnreadable) as error:
            log.warning("jwks_kept", reason=str(error), path=str(self._path))

    def _modification(self) -> int | None:
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None


class JwksUrl:
    """An address of the operator's identity provider, followed in the background."""

    def __init__(self, url: str) -> None:
        host = urlsplit(url)
        if host.scheme != "https" and host.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise KeysUnreadable(f"{url}: keys from another machine are fetched by https only")
        self._url = url
        self._keys: Keys = {}

    def keys(self) -> Keys:
        return self._keys

    async def follow(self) -> None:
        """Fetch for as long as the process runs; what was fetched last stays while it is away."""
        while True:
            await self.fetch()
            await asyncio.sleep(FOLLOW_SECONDS if self._keys else LOOK_SECONDS)

    async def fetch(self) -> None:
        """Ask once. Redirects are not followed: the address is the trust."""
        try:
            async with httpx2.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False) as client:
                answer = (await client.get(self._url)).raise_for_status()
            self._keys = parse_jwks(answer.content)
        except (httpx2.HTTPError, KeysUnreadable) as error:
            log.warning("jwks_kept", reason=str(error), url=self._url)


def key_source(where: str) -> KeySource:
    """The source that a setting names: an address, or the path of a file.

    Raises:
        KeysUnreadable: the file is not there or holds no key; the address is not to be trusted.
    """
    return JwksUrl(where) if "://" in where else JwksFile(Path(where))
