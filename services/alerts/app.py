"""The alerts web application: its operations behind the doorway."""

from fastapi import FastAPI

from services.alerts import api
from services.alerts.api import ingest
from services.alerts.handlers.ingest_door import ingest_door
from services.alerts.settings import SCHEMA, WebSettings
from shared.number_hash import hasher
from shared.web import app as web
from shared.web import links
from shared.web.doorway import open_doorway
from shared.web.pages.shell import open_shell


def create_app() -> FastAPI:
    settings = WebSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    doorway = open_doorway(
        SCHEMA,
        database_url=str(settings.alerts_web_database_url),
        jwks=settings.jwks_file,
        issuer=settings.issuer,
    )
    door = ingest_door(
        doorway.engine,
        kafka=settings.kafka,
        hasher=hasher(settings.identity_key.get_secret_value(), settings.identity_key_id),
    )
    app = web.create_app(
        doorway,
        title="Holdfast alerts",
        routers=[api.router, links.router, links.histories],
        shell=open_shell(
            "services.alerts",
            session_key=settings.session_key.get_secret_value(),
            public_url=settings.public_url,
        ),
        body_bytes_max=ingest.BODY_BYTES_MAX,
        beside=door.open,
    )
    app.state.ingest = door
    return app
