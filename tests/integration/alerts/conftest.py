"""The alerts schema on the one PostgreSQL of these tests; a database of its own for each module."""

import asyncio
import secrets
from collections.abc import AsyncGenerator

import pytest
from alerts_parts import TEMPLATE, Alerts, Server, a_number
from doorway_parts import comes_to
from ingest_api import LogReader, Mediation, a_call, mediation_of, reading

from holdfast.chaos.parts import Parts
from holdfast.roles import KINDS, bootstrap
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import Issuer, ensure_issuer
from shared.database import create_engine
from shared.migrations.runner import upgrade


@pytest.fixture(scope="session")
def alerts_server(postgres_server: PostgresAddress) -> Server:
    """A migrated database, of which each test module takes a copy."""
    here = Server(postgres_server, {f"alerts_{kind}": secrets.token_urlsafe(12) for kind in KINDS})
    asyncio.run(_prepare(here))
    upgrade("alerts", here.urls(TEMPLATE)["migrate"])
    return here


async def _prepare(server: Server) -> None:
    await server.execute(f"CREATE DATABASE {TEMPLATE}")
    await bootstrap(server.urls(TEMPLATE)["superuser"], server.passwords, ("alerts",))
    await server.execute(
        "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)",
        database=TEMPLATE,
    )


@pytest.fixture(scope="module")
async def alerts(alerts_server: Server) -> AsyncGenerator[Alerts]:
    """One database for the tests of a module, each with customers of its own."""
    name = f"alerts_{secrets.token_hex(6)}"
    await alerts_server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    urls = alerts_server.urls(name)
    worker = create_engine(urls["worker"], application="alerts-worker", pool_size=4)
    yield Alerts(urls, worker)
    await worker.dispose()
    await alerts_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def alerts_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("alerts-issuer"))


@pytest.fixture(scope="module")
async def mediation(
    alerts: Alerts, alerts_issuer: Issuer, doorway_servers: Parts
) -> AsyncGenerator[Mediation]:
    """The API with real Kafka behind it, a registered source, and numbers' owners loaded."""
    await alerts.folded()
    kafka = doorway_servers.broker.address
    async with mediation_of(alerts, alerts_issuer, kafka, source="mediation") as client:
        assert (await client.register("mediation")).status_code == 200

        first = a_call(a_number())

        async def loaded() -> int:
            return (await client.upload(first, batch="first")).status_code

        await comes_to(loaded, 202)
        yield client


@pytest.fixture
async def usage_log(doorway_servers: Parts) -> AsyncGenerator[LogReader]:
    async with reading(doorway_servers.broker.address) as reader:
        yield reader
