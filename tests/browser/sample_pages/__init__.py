"""One page with every component of the shell, and a form, for looking at in a real browser."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from shared.identity import Role
from shared.web.app import install_shell
from shared.web.home.route import HomeRoute
from shared.web.pages.drawing import draw
from shared.web.pages.forms import new_form_id
from shared.web.pages.navigation import NAVIGATION
from shared.web.pages.shell import open_shell
from shared.web.pages.signed_in import signed_in

NOW = datetime(2026, 3, 5, 6, 40, tzinfo=UTC)

router = APIRouter(route_class=HomeRoute, dependencies=[Depends(signed_in)])


@router.get("/page")
async def show_sample(request: Request, sent: str = "") -> Response:
    entries = NAVIGATION[Role.MANAGER]  # as if all of its pages were there
    return draw(
        request, "sample.html", moment=NOW, form_id=new_form_id(), sent=sent, entries=entries
    )


@router.post("/fragment")
async def send_fragment(request: Request) -> Response:
    return draw(request, "sample.html", moment=NOW, form_id="", sent="by htmx", block="told")


@router.post("/page")
async def send_sample(words: Annotated[str, Form(max_length=200)]) -> Response:
    return RedirectResponse(f"/sample/page?sent={len(words)}", 303)


def create_app(session_key: str, public_url: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    install_shell(app, open_shell("sample_pages", session_key=session_key, public_url=public_url))
    return app
