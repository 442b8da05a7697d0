"""The alerts schema on the one PostgreSQL of these tests; a database of its own for each module."""

from collections.abc import AsyncGenerator

import pytest
from alerts_parts import Alerts, a_number
from doorway_parts import comes_to
from ingest_api import LogReader, Mediation, a_call, mediation_of, reading
from service_database import ServiceServer, migrated

from holdfast.chaos.parts import Parts
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import Issuer, ensure_issuer


@pytest.fixture(scope="session")
def alerts_server(postgres_server: PostgresAddress) -> ServiceServer:
    """A migrated database, of which each test module takes a copy."""
    return migrated("alerts", postgres_server)


@pytest.fixture(scope="module")
async def alerts(alerts_server: ServiceServer) -> AsyncGenerator[Alerts]:
    """One database for the tests of a module, each with customers of its own."""
    async with alerts_server.copied() as (urls, worker):
        yield Alerts(urls, worker)


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
