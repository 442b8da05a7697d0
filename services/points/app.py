"""The points web application: its operations behind the doorway."""

from fastapi import FastAPI

from services.points import api
from services.points.settings import SCHEMA, WebSettings
from shared.web import app as web
from shared.web import links
from shared.web.doorway import open_doorway
from shared.web.pages.shell import open_shell


def create_app() -> FastAPI:
    settings = WebSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    doorway = open_doorway(
        SCHEMA,
        database_url=str(settings.points_web_database_url),
        jwks=settings.jwks_file,
        issuer=settings.issuer,
    )
    return web.create_app(
        doorway,
        title="Holdfast points",
        routers=[api.router, links.router],
        shell=open_shell(
            "services.points",
            session_key=settings.session_key.get_secret_value(),
            public_url=settings.public_url,
        ),
    )
