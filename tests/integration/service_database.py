"""A service's schema on the tests' one PostgreSQL: migrated once, copied for each module."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast.roles import KINDS, bootstrap
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import ISSUER, Issuer
from shared.clock import ClockFollower
from shared.database import WEB_POOL, create_engine
from shared.identity import TokenVerifier
from shared.jwks import JwksFile
from shared.migrations.runner import upgrade
from shared.policy import POLICY
from shared.revision import SchemaRange
from shared.web.doorway import Doorway

_RUNNING = "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)"
_STANDING = "INSERT INTO holdfast.clock_segment VALUES ('2020-01-01', $1, 0)"


@dataclass(frozen=True)
class ServiceServer:
    """A service's roles on the server, and the database that others are copied from."""

    service: str
    address: PostgresAddress
    passwords: dict[str, str]

    @property
    def template(self) -> str:
        return f"{self.service}_template"

    def urls(self, database: str) -> dict[str, str]:
        of_roles = {
            kind: self.address.url(user=role, password=self.passwords[role], database=database)
            for kind in KINDS
            for role in (f"{self.service}_{kind}",)
        }
        return {**of_roles, "superuser": self.address.url(database=database)}

    async def execute(self, statement: str, *values: object, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.address.url(database=database))
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    @asynccontextmanager
    async def copied(self) -> AsyncGenerator[tuple[dict[str, str], AsyncEngine]]:
        """Every role's URL of a database of its own, and the worker's engine on it."""
        name = f"{self.service}_{secrets.token_hex(6)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        urls = self.urls(name)
        worker = create_engine(urls["worker"], application=f"{self.service}-worker", pool_size=4)
        try:
            yield urls, worker
        finally:
            await worker.dispose()
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrated(
    service: str, address: PostgresAddress, *, stands_at: datetime | None = None
) -> ServiceServer:
    """The template with the service's schema; its clock runs, or stands at a moment."""
    passwords = {f"{service}_{kind}": secrets.token_urlsafe(12) for kind in KINDS}
    server = ServiceServer(service, address, passwords)
    asyncio.run(_prepare(server, stands_at))
    upgrade(service, server.urls(server.template)["migrate"])
    return server


async def _prepare(server: ServiceServer, stands_at: datetime | None) -> None:
    await server.execute(f"CREATE DATABASE {server.template}")
    superuser = server.urls(server.template)["superuser"]
    await bootstrap(superuser, server.passwords, (server.service,))
    moments = (stands_at,) if stands_at else ()
    await server.execute(_STANDING if stands_at else _RUNNING, *moments, database=server.template)


def doorway(schema: SchemaRange, web_url: str, issuer: Issuer) -> Doorway:
    """A service's way in, on one of these databases, for tokens of this issuer."""
    engine = create_engine(web_url, application=f"{schema.service}-web", pool_size=WEB_POOL)
    return Doorway(
        schema=schema,
        engine=engine,
        verifier=TokenVerifier(JwksFile(issuer.jwks), issuer=ISSUER),
        policy=POLICY[schema.service],
        clock=ClockFollower(engine),
    )


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of `app` while its lifespan runs."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client
