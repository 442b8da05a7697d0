"""One real PostgreSQL with the callcenter schema; a database of its own for each test module."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import asyncpg
import pytest
from contact_parts import FRIDAY_MORNING, OWNER, AsRole, Centre, Desk, serving

from holdfast.roles import KINDS, bootstrap
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import ISSUER, Issuer, ensure_issuer, mint
from services.callcenter import api
from services.callcenter.app import BODY_BYTES_MAX
from services.callcenter.settings import SCHEMA
from shared.clock import ClockFollower
from shared.database import WEB_POOL, create_engine
from shared.identity import Caller, Role, TokenVerifier
from shared.jwks import JwksFile
from shared.migrations.runner import upgrade
from shared.policy import POLICY
from shared.web.app import create_app
from shared.web.doorway import Doorway

TEMPLATE = "callcenter_template"


@dataclass(frozen=True)
class Server:
    """The roles' passwords on the one PostgreSQL of these tests."""

    address: PostgresAddress
    passwords: dict[str, str]

    def urls(self, database: str) -> dict[str, str]:
        of_roles = {
            kind: self.address.url(user=role, password=self.passwords[role], database=database)
            for kind in KINDS
            for role in (f"callcenter_{kind}",)
        }
        return {**of_roles, "superuser": self.address.url(database=database)}

    async def execute(self, statement: str, *values: object, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.address.url(database=database))
        await connection.execute(statement, *values)
        await connection.close()


@pytest.fixture(scope="session")
def centre_server(postgres_server: PostgresAddress) -> Server:
    """A migrated database, of which each test module takes a copy."""
    passwords = {f"callcenter_{kind}": secrets.token_urlsafe(12) for kind in KINDS}
    here = Server(postgres_server, passwords)
    asyncio.run(_prepare(here))
    upgrade("callcenter", here.urls(TEMPLATE)["migrate"])
    return here


async def _prepare(server: Server) -> None:
    await server.execute(f"CREATE DATABASE {TEMPLATE}")
    await bootstrap(server.urls(TEMPLATE)["superuser"], server.passwords, ("callcenter",))
    await server.execute(
        "INSERT INTO holdfast.clock_segment VALUES ('2020-01-01', $1, 0)",
        FRIDAY_MORNING,
        database=TEMPLATE,
    )


@pytest.fixture(scope="module")
async def centre(centre_server: Server) -> AsyncGenerator[Centre]:
    """One database for the tests of a module, each with customers of its own."""
    name = f"callcenter_{secrets.token_hex(6)}"
    await centre_server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    urls = centre_server.urls(name)
    worker = create_engine(urls["worker"], application="callcenter-worker", pool_size=4)
    yield Centre(urls, worker)
    await worker.dispose()
    await centre_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def quiet_centre(centre: Centre) -> Centre:
    """Nobody else's tasks are open: for a test that asks for the next one."""
    await centre.rows("UPDATE task SET state = 'expired' WHERE state = 'open'")
    return centre


@pytest.fixture
def customer() -> int:
    return secrets.randbelow(2**63 - 1) + 1


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
async def desk(centre: Centre, issuer: Issuer, as_role: AsRole) -> AsyncGenerator[Desk]:
    """The API on the module's database, Friday at ten."""
    engine = create_engine(centre.urls["web"], application="callcenter-web", pool_size=WEB_POOL)
    follower = ClockFollower(engine)
    doorway = Doorway(
        schema=SCHEMA,
        engine=engine,
        verifier=TokenVerifier(JwksFile(issuer.jwks), issuer=ISSUER),
        policy=POLICY["callcenter"],
        clock=follower,
    )
    app = create_app(
        doorway, title="callcenter", routers=[api.router], body_bytes_max=BODY_BYTES_MAX
    )
    async with serving(app) as client:
        made = Desk(client, follower, as_role, centre)
        await made.at(FRIDAY_MORNING)
        yield made


@pytest.fixture
def as_role(issuer: Issuer) -> Callable[..., dict[str, str]]:
    """Headers of a caller; each call is an act of its own unless `key` says otherwise."""

    def headers(
        role: Role = Role.MANAGER,
        organisation: str = "990101",
        *,
        by: str = OWNER,
        key: str = "",
    ) -> dict[str, str]:
        caller = Caller(by, "王", frozenset({role}), organisation)
        return {
            "Authorization": f"Bearer {mint(issuer, caller)}",
            "Idempotency-Key": key or secrets.token_hex(8),
        }

    return headers
