"""The home application: signing in, one's own settings, static files; it has no database."""

from fastapi import FastAPI

from shared.web.app import BODY_BYTES_MAX, install_shell
from shared.web.body_limit import BodyLimit
from shared.web.home import login, me
from shared.web.home.provider import Provider
from shared.web.home.ready_users import read_users
from shared.web.home.settings import HomeSettings
from shared.web.pages.shell import open_shell
from shared.web.pages.static_files import PREFIX, serve_static
from shared.web.request_log import RequestLog

HOME = "home"


def create_app() -> FastAPI:
    settings = HomeSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    public_url = settings.public_url.rstrip("/")
    app = FastAPI(title="Holdfast home", openapi_url=None, redirect_slashes=False)
    app.state.provider = Provider(
        issuer=settings.oidc_issuer.rstrip("/"),
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        redirect_uri=f"{public_url}{login.CALLBACK}",
    )
    app.state.ready_users = read_users(settings.ready_users)
    shell = open_shell(
        "shared.web.home",
        session_key=settings.session_key.get_secret_value(),
        public_url=public_url,
    )
    app.include_router(login.router)
    app.include_router(me.router)
    app.add_route(f"{PREFIX}/{{hash}}/{{name:path}}", serve_static)
    install_shell(app, shell)
    app.add_middleware(BodyLimit, bytes_max=BODY_BYTES_MAX)
    app.add_middleware(RequestLog, service=HOME)
    return app
