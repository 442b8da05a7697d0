"""What the tests of the HTTP doorway hold in their hands: the database's roles, and a client."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2
import notes_app
from fastapi import FastAPI

from holdfast.tokens import ISSUER, Issuer
from services.points.settings import SCHEMA
from shared.clock import ClockFollower
from shared.database import WEB_POOL, create_engine
from shared.identity import TokenVerifier
from shared.jwks import JwksFile
from shared.web.doorway import Doorway


@dataclass(frozen=True)
class NotesDatabase:
    """URLs of the roles that the tests use, and the superuser's for looking and breaking."""

    web: str
    migrate: str
    superuser: str

    async def fetch(self, query: str) -> list[Any]:
        async with self.connected() as connection:
            return await connection.fetch(query)

    async def until_blocked(self) -> int:
        """The backend of the request that waits for a lock, once one does."""
        async with asyncio.timeout(5):
            while True:
                rows = await self.fetch(
                    "SELECT pid FROM pg_stat_activity "
                    "WHERE usename = 'points_web' AND wait_event_type = 'Lock'"
                )
                if rows:
                    return rows[0]["pid"]

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.superuser)
        try:
            await connection.execute("SET search_path = points")
            yield connection
        finally:
            await connection.close()


def notes_doorway(database: NotesDatabase, issuer: Issuer) -> Doorway:
    """The doorway of the notes; they live in the points schema, beside its tables."""
    engine = create_engine(database.web, application="notes", pool_size=WEB_POOL)
    return Doorway(
        schema=SCHEMA,
        engine=engine,
        verifier=TokenVerifier(JwksFile(issuer.jwks), issuer=ISSUER),
        policy=notes_app.POLICY,
        clock=ClockFollower(engine),
    )


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of `app` while its lifespan runs."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://notes") as client,
    ):
        yield client
