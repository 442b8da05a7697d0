"""One real PostgreSQL with the ticketing schema; a database of its own for each test module."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import asyncpg
import pytest
from order_parts import Office, StandingClock, Ticketing, serving

from holdfast.organisation import load_into
from holdfast.roles import KINDS, bootstrap
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import ISSUER, Issuer, ensure_issuer
from services.ticketing.api import router
from services.ticketing.settings import SCHEMA
from shared.database import WEB_POOL, create_engine
from shared.identity import TokenVerifier
from shared.jwks import JwksFile
from shared.migrations.runner import upgrade
from shared.policy import POLICY
from shared.web.app import create_app
from shared.web.doorway import Doorway

TEMPLATE = "ticketing_template"


@dataclass(frozen=True)
class Server:
    """The roles' passwords on the one PostgreSQL of these tests."""

    address: PostgresAddress
    passwords: dict[str, str]

    def urls(self, database: str) -> dict[str, str]:
        of_roles = {
            kind: self.address.url(user=role, password=self.passwords[role], database=database)
            for kind in KINDS
            for role in (f"ticketing_{kind}",)
        }
        return {**of_roles, "superuser": self.address.url(database=database)}

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.address.url(database=database))
        await connection.execute(statement)
        await connection.close()


@pytest.fixture(scope="session")
def ticketing_server(postgres_server: PostgresAddress) -> Server:
    """A migrated database with the organisation's tree, of which each module takes a copy."""
    passwords = {f"ticketing_{kind}": secrets.token_urlsafe(12) for kind in KINDS}
    here = Server(postgres_server, passwords)
    asyncio.run(_prepare(here))
    upgrade("ticketing", here.urls(TEMPLATE)["migrate"])
    load_into(here.urls(TEMPLATE)["migrate"])
    return here


async def _prepare(server: Server) -> None:
    await server.execute(f"CREATE DATABASE {TEMPLATE}")
    await bootstrap(server.urls(TEMPLATE)["superuser"], server.passwords, ("ticketing",))
    await server.execute(
        "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)",
        database=TEMPLATE,
    )


@pytest.fixture(scope="module")
async def ticketing(ticketing_server: Server) -> AsyncGenerator[Ticketing]:
    """One database for the tests of a module, each with customers of its own."""
    name = f"ticketing_{secrets.token_hex(6)}"
    await ticketing_server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    urls = ticketing_server.urls(name)
    worker = create_engine(urls["worker"], application="ticketing-worker", pool_size=4)
    yield Ticketing(urls, worker)
    await worker.dispose()
    await ticketing_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def ticketing_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("ticketing-issuer"))


@pytest.fixture
async def office(ticketing: Ticketing, ticketing_issuer: Issuer) -> AsyncGenerator[Office]:
    """The API on the module's database, on Friday 2026-02-27 at 14:10."""
    engine = create_engine(ticketing.urls["web"], application="ticketing-web", pool_size=WEB_POOL)
    clock = StandingClock(engine)
    doorway = Doorway(
        schema=SCHEMA,
        engine=engine,
        verifier=TokenVerifier(JwksFile(ticketing_issuer.jwks), issuer=ISSUER),
        policy=POLICY["ticketing"],
        clock=clock,
    )
    app = create_app(doorway, title="ticketing", routers=[router])
    async with serving(app) as client:
        yield Office(client, ticketing_issuer, clock)
