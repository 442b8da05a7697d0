"""The points schema on the one PostgreSQL of these tests; a database of its own for each module."""

import secrets
from collections.abc import AsyncGenerator, Callable

import httpx2
import pytest
from ledger_parts import Ledger
from service_database import ServiceServer, doorway, migrated, serving

from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import Issuer, ensure_issuer, mint
from services.points import api
from services.points.settings import SCHEMA
from shared.identity import Caller, Role
from shared.web.app import create_app


@pytest.fixture(scope="session")
def server(postgres_server: PostgresAddress) -> ServiceServer:
    """A migrated database, of which each test module takes a copy."""
    return migrated("points", postgres_server)


@pytest.fixture(scope="module")
async def ledger(server: ServiceServer) -> AsyncGenerator[Ledger]:
    """One database for the tests of a module, each with customers of its own."""
    async with server.copied() as (urls, worker):
        yield Ledger(urls, worker)


@pytest.fixture
async def fresh_ledger(server: ServiceServer) -> AsyncGenerator[Ledger]:
    """A database of its own, for a test that counts or breaks everything."""
    async with server.copied() as (urls, worker):
        yield Ledger(urls, worker)


@pytest.fixture
def customer() -> int:
    return secrets.randbelow(2**63 - 1) + 1


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
async def client(ledger: Ledger, issuer: Issuer) -> AsyncGenerator[httpx2.AsyncClient]:
    """The API on the module's database."""
    way_in = doorway(SCHEMA, ledger.urls["web"], issuer)
    async with serving(create_app(way_in, title="points", routers=[api.router])) as client:
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
