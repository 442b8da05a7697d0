"""The start page of whoever is signed in, and their own settings: language, theme, keys."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from shared.web.home.route import HomeRoute
from shared.web.pages.drawing import draw
from shared.web.pages.navigation import start_page
from shared.web.pages.preferences import Keys, Preferences, Theme, set_preferences
from shared.web.pages.shell import shell_of
from shared.web.pages.signed_in import SignedIn, signed_in
from shared.web.pages.words import Language

router = APIRouter(route_class=HomeRoute, dependencies=[Depends(signed_in)])


@router.get("/")
async def show_start(session: SignedIn) -> Response:
    """Each role begins elsewhere; the uppermost one that somebody holds decides."""
    return RedirectResponse(start_page(session.caller.roles), HTTPStatus.SEE_OTHER)


@router.get("/me")
async def show_me(request: Request, *, saved: bool = False) -> Response:
    return draw(
        request,
        "me.html",
        saved=saved,
        languages=list(Language),
        themes=list(Theme),
        all_keys=list(Keys),
    )


@router.post("/me")
async def save_me(
    request: Request,
    language: Annotated[Language, Form()],
    theme: Annotated[Theme, Form()],
    keys: Annotated[Keys, Form()],
) -> Response:
    response = RedirectResponse("/me?saved=true", HTTPStatus.SEE_OTHER)
    wanted = Preferences(language, theme, keys)
    set_preferences(response, wanted, secure=shell_of(request).sessions.secure)
    return response
