"""One real PostgreSQL with the points schema; a database of its own for each test module."""

import asyncio
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import pytest
from ledger_parts import Ledger, serving

from holdfast.roles import KINDS, bootstrap
from holdfast.stack.ports import free_ports
from holdfast.stack.postgres import Postgres
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
    postgres: Postgres
    passwords: dict[str, str]

    def urls(self, database: str) -> dict[str, str]:
        address = self.postgres.address
        of_roles = {
            kind: address.url(user=f"points_{kind}", password=secret, database=database)
            for kind, secret in zip(KINDS, self.passwords.values(), strict=True)
        }
        return {**of_roles, "superuser": address.url(database=database)}

    async def make(self, database: str, *, template: str = "template1") -> dict[str, str]:
        connection = await asyncpg.connect(self.postgres.address.url())
        await connection.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
        await connection.close()
        return self.urls(database)


@pytest.fixture(scope="session")
def server() -> Generator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="holdfast-points-"))
    folder.chmod(0o755)  # as root, the server runs as a user who must be able to enter
    postgres = Postgres(folder, free_ports(1)[0])
    process = postgres.start()
    try:
        postgres.wait_ready(process)
        here = Server(postgres, {f"points_{kind}": secrets.token_urlsafe(12) for kind in KINDS})
        urls = asyncio.run(_template(here))
        upgrade("points", urls["migrate"])
        yield here
    finally:
        process.stop(gracefully=signal.SIGQUIT)  # at once: nobody will read these data again
        shutil.rmtree(folder)


async def _template(server: Server) -> dict[str, str]:
    urls = await server.make(TEMPLATE)
    await bootstrap(urls["superuser"], server.passwords, ("points",))
    connection = await asyncpg.connect(urls["superuser"])
    await connection.execute(
        "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)"
    )
    await connection.close()
    return urls


async def _ledger(server: Server) -> AsyncGenerator[Ledger]:
    urls = await server.make(f"ledger_{secrets.token_hex(6)}", template=TEMPLATE)
    worker = create_engine(urls["worker"], application="points-worker", pool_size=4)
    yield Ledger(urls, worker)
    await worker.dispose()


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
