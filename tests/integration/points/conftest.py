"""One real PostgreSQL with the points schema; a database of its own for each test module."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import asyncpg
import httpx2
import pytest
from ledger_parts import Ledger, serving

from holdfast.roles import KINDS, bootstrap
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import ISSUER, Issuer, ensure_issuer, mint
from services.points import api
from services.points.settings import SCHEMA
from shared.clock import ClockFollower
from shared.database import WEB_POOL, create_engine
from shared.identity import Caller, Role, TokenVerifier
from shared.jwks import JwksFile
from shared.migrations.runner import upgrade
from shared.policy import POLICY
from shared.web.app import create_app
from shared.web.doorway import Doorway

TEMPLATE = "ledger_template"


@dataclass(frozen=True)
class Server:
    """The roles' passwords on the one PostgreSQL of these tests."""

    address: PostgresAddress
    passwords: dict[str, str]

    def urls(self, database: str) -> dict[str, str]:
        of_roles = {
            kind: self.address.url(user=role, password=self.passwords[role], database=database)
            for kind in KINDS
            for role in (f"points_{kind}",)
        }
        return {**of_roles, "superuser": self.address.url(database=database)}

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.address.url(database=database))
        await connection.execute(statement)
        await connection.close()


@pytest.fixture(scope="session")
def server(postgres_server: PostgresAddress) -> Server:
    """A migrated database, of which each test module takes a copy."""
    here = Server(postgres_server, {f"points_{kind}": secrets.token_urlsafe(12) for kind in KINDS})
    asyncio.run(_prepare(here))
    upgrade("points", here.urls(TEMPLATE)["migrate"])
    return here


async def _prepare(server: Server) -> None:
    await server.execute(f"CREATE DATABASE {TEMPLATE}")
    await bootstrap(server.urls(TEMPLATE)["superuser"], server.passwords, ("points",))
    await server.execute(
        "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)",
        database=TEMPLATE,
    )


async def _ledger(server: Server) -> AsyncGenerator[Ledger]:
    name = f"ledger_{secrets.token_hex(6)}"
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    urls = server.urls(name)
    worker = create_engine(urls["worker"], application="points-worker", pool_size=4)
    yield Ledger(urls, worker)
    await worker.dispose()
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def ledger(server: Server) -> AsyncGenerator[Ledger]:
    """One database for the tests of a module, each with customers of its own."""
    async for made in _ledger(server):
        yield made


@pytest.fixture
async def fresh_ledger(server: Server) -> AsyncGenerator[Ledger]:
    """A database of its own, for a test that counts or breaks everything."""
    async for made in _ledger(server):
        yield made


@pytest.fixture
def customer() -> int:
    return secrets.randbelow(2**63 - 1) + 1


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
async def client(ledger: Ledger, issuer: Issuer) -> AsyncGenerator[httpx2.AsyncClient]:
    """The API on the module's database."""
    engine = create_engine(ledger.urls["web"], application="points-web", pool_size=WEB_POOL)
    doorway = Doorway(
        schema=SCHEMA,
        engine=engine,
        verifier=TokenVerifier(JwksFile(issuer.jwks), issuer=ISSUER),
        policy=POLICY["points"],
        clock=ClockFollower(engine),
    )
    async with serving(create_app(doorway, title="points", routers=[api.router])) as client:
        yield client


@pytest.fixture
def as_role(issuer: Issuer) -> Callable[..., dict[str, str]]:
    """Headers of a caller; each call is an act of its own unless `key` says otherwise."""

    def headers(
        role: Role = Role.STORE_CLERK,
        organisation: str = "990101001",
        *,
        key: str = "",
        etag: str = "",
    ) -> dict[str, str]:
        caller = Caller("wang", "王", frozenset({role}), organisation)
        sent = {
            "Authorization": f"Bearer {mint(issuer, caller)}",
            "Idempotency-Key": key or secrets.token_hex(8),
        }
        return sent | ({"If-Match": etag} if etag else {})

    return headers
