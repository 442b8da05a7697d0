"""Style, script and icons: read once, served under the hash of their content, kept for a year."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

PREFIX = "/static"
HASH_DIGITS = 12  # of all files together: an update of one renews the address of each
IMMUTABLE = "public, max-age=31536000, immutable"
_SERVED = (".css", ".js", ".svg")


@dataclass(frozen=True)
class StaticFile:
    """One file as it leaves; compressed once, not for each who asks."""

    content: bytes
    compressed: bytes
    media_type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every file we serve, by its name below `static/`."""
    return dict(_found(files("shared.web") / "static", ""))


@cache
def static_hash() -> str:
    digest = hashlib.sha256()
    for name, file in sorted(static_files().items()):
        digest.update(name.encode() + b"\0" + file.content)
    return digest.hexdigest()[:HASH_DIGITS]


def static_url(name: str) -> str:
    """The address of a file.

    Raises:
        KeyError: there is no such file; a template names it wrongly.
    """
    if name not in static_files():
        raise KeyError(f"shared/web/static has no {name}")
    return f"{PREFIX}/{static_hash()}/{name}"


async def serve_static(request: Request) -> Response:
    """`/static/HASH/NAME`: whoever asks for an older hash reloads their page."""
    file = static_files().get(request.path_params["name"])
    if file is None or request.path_params["hash"] != static_hash():
        raise HTTPException(404)
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.compressed, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


def _found(folder: Traversable, prefix: str) -> list[tuple[str, StaticFile]]:
    found: list[tuple[str, StaticFile]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _found(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SERVED):
            content = entry.read_bytes()
            media_type = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            file = StaticFile(content, gzip.compress(content, 6, mtime=0), media_type)
            found.append((f"{prefix}{entry.name}", file))
    return found
