"""The callcenter web application: its operations behind the doorway."""

from fastapi import FastAPI

from services.callcenter import api
from services.callcenter.settings import SCHEMA, WebSettings
from shared.web import app as web
from shared.web import links
from shared.web.doorway import open_doorway
from shared.web.pages.shell import open_shell

BODY_BYTES_MAX = 256 * 1024  # a thousand persons for the vault


def create_app() -> FastAPI:
    settings = WebSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    doorway = open_doorway(
        SCHEMA,
        database_url=str(settings.callcenter_web_database_url),
        jwks=settings.jwks_file,
        issuer=settings.issuer,
    )
    return web.create_app(
        doorway,
        title="Holdfast callcenter",
        routers=[api.router, links.router, links.histories],
        shell=open_shell(
            "services.callcenter",
            session_key=settings.session_key.get_secret_value(),
            public_url=settings.public_url,
        ),
        body_bytes_max=BODY_BYTES_MAX,
    )
