"""Signing in and out: our page, the provider's, back with a code, a session; and its end."""

import secrets
from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from shared.errors import Unauthorised
from shared.logging import get_logger
from shared.web.home.provider import Provider
from shared.web.home.ready_users import ReadyUser
from shared.web.pages.drawing import draw
from shared.web.pages.navigation import NAVIGATION, ROLE_NAMES, ranked
from shared.web.pages.preferences import preferences_of, set_preferences
from shared.web.pages.sessions import LOGIN_SECONDS
from shared.web.pages.shell import shell_of
from shared.web.pages.signed_in import SignedIn, own_path, require_own_origin, session_in
from shared.web.pages.words import Language

router = APIRouter()
log = get_logger(__name__)

NEXT_MAX = 2000
CODE_MAX = 4000
CALLBACK = "/login/callback"

Next = Annotated[str, Query(max_length=NEXT_MAX)]


@router.get("/login")
async def show_login(
    request: Request,
    *,
    next: Next = "/",  # noqa: A002 - its name in the address.
    out: bool = False,
    failed: bool = False,
) -> Response:
    """One button; in the local stack also its people, by role."""
    back = own_path(next, "/")
    if session_in(request) is not None:
        return RedirectResponse(back, HTTPStatus.SEE_OTHER)
    return draw(
        request,
        "login.html",
        next=back,
        begin=_begin(back),
        users=_by_role(request, back),
        out=out,
        failed=failed,
    )


@router.get("/login/begin")
async def begin_login(
    request: Request,
    *,
    next: Next = "/",  # noqa: A002 - as above.
    user: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """To the provider; what must come back with the person stays in a cookie of ten minutes."""
    sessions = shell_of(request).sessions
    state, nonce, verifier = (secrets.token_urlsafe(size) for size in (16, 16, 48))
    address = await _provider(request).address(
        state=state, nonce=nonce, verifier=verifier, hint=user
    )
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    begun = {"state": state, "nonce": nonce, "verifier": verifier, "next": own_path(next, "/")}
    sessions.set_login(
        response, sessions.sealed("login", {**begun, "until": sessions.now() + LOGIN_SECONDS})
    )
    return response


@router.get(CALLBACK)
async def end_login(
    request: Request,
    code: Annotated[str, Query(max_length=CODE_MAX)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """From the provider, with a code: a session, and back to where one was."""
    sessions = shell_of(request).sessions
    try:
        begun = _begun(request, state)
        caller = await _provider(request).caller(
            code=code, nonce=begun["nonce"], verifier=begun["verifier"]
        )
    except Unauthorised as refused:
        log.info("sign_in_refused", reason=refused.detail)
        return RedirectResponse("/login?failed=true", HTTPStatus.SEE_OTHER)
    response = RedirectResponse(own_path(begun["next"], "/"), HTTPStatus.SEE_OTHER)
    sessions.set(response, sessions.begin(caller))
    sessions.forget(response, sessions.login_cookie)
    return response


@router.post("/login/language")
async def choose_language(
    request: Request,
    language: Annotated[Language, Form()],
    next: Annotated[str, Form(max_length=NEXT_MAX)] = "/",  # noqa: A002 - as above.
) -> Response:
    """For whoever cannot read the login page; nobody is signed in yet."""
    require_own_origin(request)
    back = own_path(next, "/")
    response = RedirectResponse(f"/login?{urlencode({'next': back})}", HTTPStatus.SEE_OTHER)
    kept = preferences_of(request)
    wanted = type(kept)(language, kept.theme, kept.keys)
    set_preferences(response, wanted, secure=shell_of(request).sessions.secure)
    return response


@router.post("/logout")
async def end_session(request: Request, _session: SignedIn) -> Response:
    """The browser forgets the session; the provider's own goes on, as for its other software."""
    sessions = shell_of(request).sessions
    response = RedirectResponse("/login?out=true", HTTPStatus.SEE_OTHER)
    sessions.forget(response, sessions.cookie)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _begun(request: Request, state: str) -> dict[str, str]:
    """What this browser began, if it is this very sign-in that comes back.

    Raises:
        Unauthorised: it is not, or ten minutes have passed.
    """
    sessions = shell_of(request).sessions
    begun = sessions.unsealed("login", request.cookies.get(sessions.login_cookie))
    if begun is None or begun["until"] < sessions.now() or begun["state"] != state:
        raise Unauthorised("This sign-in was not begun here, or too long ago")
    return begun


def _begin(back: str, user: str = "") -> str:
    named = {"next": back, "user": user}
    return f"/login/begin?{urlencode({name: value for name, value in named.items() if value})}"


def _by_role(request: Request, back: str) -> list[tuple[str, list[tuple[ReadyUser, str]]]]:
    """The local stack's people under their uppermost role, with the address that signs them in."""
    users = cast("tuple[ReadyUser, ...]", request.app.state.ready_users)
    return [
        (ROLE_NAMES[role], found)
        for role in NAVIGATION
        if (found := [(u, _begin(back, u.sub)) for u in users if ranked(u.roles)[:1] == [role]])
    ]


def _provider(request: Request) -> Provider:
    return cast("Provider", request.app.state.provider)
