"""One real PostgreSQL for all integration tests; each module that writes takes its own database."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from aiokafka import AIOKafkaProducer
from doorway_parts import Doorway
from out_parts import OutTopic, Schema, new_schema

from holdfast.chaos.parts import Parts, Worker
from holdfast.stack.ports import free_ports
from holdfast.stack.postgres import Postgres, PostgresAddress


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresAddress]:
    with running_postgres() as address:
        yield address


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresAddress]:
    """A server for tests that change its roles, which all databases of a server share."""
    with running_postgres() as address:
        yield address


@contextmanager
def running_postgres() -> Generator[PostgresAddress]:
    # Not pytest's own folder: as root the server runs as a user who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="holdfast-pg-"))
    folder.chmod(0o755)
    [port] = free_ports(1)
    server = Postgres(folder, port)
    process = server.start()
    try:
        server.wait_ready(process)
        yield server.address
    finally:
        server.stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def database_url(
    request: pytest.FixtureRequest, postgres_server: PostgresAddress
) -> AsyncIterator[str]:
    """A superuser's URL of an empty database named after the test module."""
    name = request.path.stem
    await _execute(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server.url(database=name)
    await _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def doorway_servers() -> Iterator[Parts]:
    """A broker with the catalogue's topics and a PostgreSQL that a test may kill."""
    parts = Parts.in_folder(Path(tempfile.mkdtemp(prefix="holdfast-doorway-")), proxied=False)
    try:
        parts.start_servers()
        yield parts
    finally:
        parts.stop()
        parts.remove()


@pytest.fixture(scope="session")
async def doorway(doorway_servers: Parts) -> AsyncIterator[Doorway]:
    producer = AIOKafkaProducer(
        bootstrap_servers=doorway_servers.broker.address, enable_idempotence=True
    )
    await producer.start()
    async with httpx2.AsyncClient(timeout=2) as web:
        yield Doorway(doorway_servers, producer, web)
    await producer.stop()


@pytest.fixture(scope="module")
async def worker(doorway: Doorway) -> AsyncIterator[Worker]:
    """The worker of a module whose tests leave it running; its stop must be clean."""
    worker = await doorway.start()
    yield worker
    worker.stop()
    assert worker.process.returncode == 0, worker.last_words()


@pytest.fixture
async def schema(doorway_servers: Parts) -> AsyncIterator[Schema]:
    async with new_schema(doorway_servers) as made:
        yield made


@pytest.fixture
def topic(doorway_servers: Parts) -> OutTopic:
    made = OutTopic(doorway_servers.broker.address, f"out-{uuid4().hex[:12]}")
    made.create()
    return made


async def _execute(server: PostgresAddress, statement: str) -> None:
    connection = await asyncpg.connect(server.url(database="postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
