"""One real PostgreSQL with the callcenter schema; a database of its own for each test module."""

import secrets
from collections.abc import AsyncGenerator, Callable

import pytest
from contact_parts import FRIDAY_MORNING, OWNER, AsRole, Centre, Desk
from service_database import ServiceServer, doorway, migrated, serving

from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import Issuer, ensure_issuer, mint
from services.callcenter import api
from services.callcenter.app import BODY_BYTES_MAX
from services.callcenter.settings import SCHEMA
from shared.identity import Caller, Role
from shared.web.app import create_app


@pytest.fixture(scope="session")
def centre_server(postgres_server: PostgresAddress) -> ServiceServer:
    """A migrated database, of which each test module takes a copy."""
    return migrated("callcenter", postgres_server, stands_at=FRIDAY_MORNING)


@pytest.fixture(scope="module")
async def centre(centre_server: ServiceServer) -> AsyncGenerator[Centre]:
    """One database for the tests of a module, each with customers of its own."""
    async with centre_server.copied() as (urls, worker):
        yield Centre(urls, worker)


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
    way_in = doorway(SCHEMA, centre.urls["web"], issuer)
    app = create_app(
        way_in, title="callcenter", routers=[api.router], body_bytes_max=BODY_BYTES_MAX
    )
    async with serving(app) as client:
        made = Desk(client, way_in.clock, as_role, centre)
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
