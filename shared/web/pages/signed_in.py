"""Before a page does anything: somebody is signed in, and a form was drawn by us for them."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from shared.errors import Forbidden, Unauthorised
from shared.web.pages.sessions import Session
from shared.web.pages.shell import shell_of

FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field.
FORM_TOKEN_HEADER = "X-Form-Token"  # noqa: S105 - for htmx, which sends no field with a button.
SAFE_METHODS = frozenset({"GET", "HEAD"})


class SignedOut(Unauthorised):
    slug = "signed-out"
    title = "Nobody is signed in here, or no longer"


class ForeignForm(Forbidden):
    status = HTTPStatus.FORBIDDEN
    slug = "foreign-form"
    title = "This form was not drawn for this session"


async def signed_in(request: Request) -> Session:
    """The session of a page's request.

    Raises:
        SignedOut: there is none, or it is over.
        ForeignForm: an act that another site, or an older session's page, asked for.
    """
    session = session_in(request)
    if session is None:
        raise SignedOut
    request.state.session = session
    request.state.caller = session.caller.subject
    if request.method not in SAFE_METHODS:
        require_own_origin(request)
        if not shell_of(request).sessions.is_form_token(session, await _token(request)):
            raise ForeignForm("Reload the page and send the form again")
    return session


SignedIn = Annotated[Session, Depends(signed_in)]


def session_in(request: Request) -> Session | None:
    """The session that the request's cookie holds, if it is still good."""
    sessions = shell_of(request).sessions
    return sessions.opened(request.cookies.get(sessions.cookie))


def require_own_origin(request: Request) -> None:
    """Browsers say where an unsafe request comes from; ours come from our own pages.

    Raises:
        ForeignForm: it comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    ours = {shell_of(request).sessions.origin, f"{request.url.scheme}://{request.url.netloc}"}
    if site not in ("same-origin", "none") or (origin is not None and origin not in ours):
        raise ForeignForm("The form was sent from another site")


def own_path(address: str | None, otherwise: str) -> str:
    """`address` if it is a path of this origin, so that nobody is sent elsewhere by a link."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(address)
    odd = any(ord(character) < ord(" ") or character == "\\" for character in address)
    return otherwise if parts.scheme or parts.netloc or odd else address


async def _token(request: Request) -> str:
    header = request.headers.get(FORM_TOKEN_HEADER)
    if header is not None:
        return header
    sent = (await request.form()).get(FORM_TOKEN, "")
    return "" if isinstance(sent, UploadFile) else sent
