"""What the tests of the way out hold in their hands: a schema, a topic, relays, a reader."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from kafka.admin import NewTopic
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast import roles, topics
from holdfast.chaos.parts import Parts
from shared.database import RELAY_POOL, create_engine, unit_of_work
from shared.outbox import Link, OutboxRecord, waker_of
from shared.relay import run_relay

PARTITIONS = 4
MESSAGE_BYTES_MAX = 20_000  # above the client's batches, so that a small record never shares a fate
PATIENCE_SECONDS = 20
TEMPLATE = "out_template"


@dataclass(frozen=True)
class OutTopic:
    """A topic of the test's own, with a limit that a test can cross."""

    kafka: str
    name: str

    def create(self) -> None:
        limit = {"max.message.bytes": str(MESSAGE_BYTES_MAX)}
        with topics.cluster(self.kafka) as client:
            client.create_topics([NewTopic(self.name, PARTITIONS, 1, topic_configs=limit)])
            client.wait_for_topics([self.name])

    def record(
        self, *, key: str | None = None, partition: int | None = None, value: bytes = b"{}"
    ) -> OutboxRecord:
        event = uuid4()
        link = Link(event, "cause", "cause.v1", "effect.v1", "lot/1", datetime.now(UTC))
        return OutboxRecord(event, self.name, partition, key, {"ce_id": str(event)}, value, link)

    @asynccontextmanager
    async def reader(self) -> AsyncGenerator["Reader"]:
        """Everything that is in the topic, from its beginning on."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([TopicPartition(self.name, n) for n in range(PARTITIONS)])
            yield Reader(consumer)
        finally:
            await consumer.stop()


@dataclass(frozen=True)
class Reader:
    consumer: AIOKafkaConsumer
    seen: list[ConsumerRecord[bytes, bytes]] = field(
        default_factory=list[ConsumerRecord[bytes, bytes]]
    )

    @property
    def ids(self) -> list[UUID]:
        return [UUID(dict(record.headers)["ce_id"].decode()) for record in self.seen]

    async def until(self, wanted: set[UUID]) -> None:
        """Until all of `wanted` are there; past the deadline what is missing is shown."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not wanted <= set(self.ids):
                    await self.look()
        except TimeoutError:
            assert wanted - set(self.ids) == set()

    async def look(self) -> None:
        for records in (await self.consumer.getmany(timeout_ms=200)).values():
            self.seen.extend(records)


@dataclass(frozen=True)
class Schema:
    """A migrated database of the test's own, and its engines."""

    parts: Parts
    database: str
    engines: list[AsyncEngine] = field(default_factory=list[AsyncEngine])

    def engine(self, kind: str = "worker", *, pool: int = 4) -> AsyncEngine:
        url = self.parts.role_url(kind, self.database)
        made = create_engine(url, application="test", pool_size=pool)
        self.engines.append(made)
        return made

    @asynccontextmanager
    async def connected(self, kind: str | None = None) -> AsyncGenerator[asyncpg.Connection]:
        """As a role of the schema; without a name as the superuser, in the schema."""
        superuser = self.parts.postgres.address.url(database=self.database)
        url = superuser if kind is None else self.parts.role_url(kind, self.database)
        connection = await asyncpg.connect(url)
        try:
            if kind is None:
                await connection.execute("SET search_path = points")
            yield connection
        finally:
            await connection.close()

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.connected() as connection:
            return [tuple(row) for row in await connection.fetch(query)]

    async def emit(self, *records: OutboxRecord, engine: AsyncEngine | None = None) -> None:
        async with unit_of_work(engine or self.engine()) as uow:
            uow.emit_records(records)

    @asynccontextmanager
    async def relay(self, stop: asyncio.Event | None = None) -> AsyncGenerator[asyncio.Task[None]]:
        """A relay as a worker has it; leaving ends it as a killed process ends, with its lease."""
        engine = self.engine(pool=RELAY_POOL)
        task = asyncio.create_task(
            run_relay(
                engine,
                self.parts.broker.address,
                waker=waker_of(engine),
                stop=stop or asyncio.Event(),
            )
        )
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def close(self) -> None:
        for engine in self.engines:
            await engine.dispose()
        async with self.administration() as admin:
            await admin.execute(f"DROP DATABASE {self.database} WITH (FORCE)")

    @asynccontextmanager
    async def administration(self) -> AsyncGenerator[asyncpg.Connection]:
        """As the superuser in another database, to make and drop this one."""
        connection = await asyncpg.connect(self.parts.postgres.address.url())
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def new_schema(parts: Parts) -> AsyncGenerator[Schema]:
    """A migrated schema, in a database of its own, in which nothing has happened yet.

    It is migrated once and copied from then on: a copy costs a tenth of a migration.
    """
    made = Schema(parts, f"out_{uuid4().hex[:12]}")
    async with made.administration() as admin:
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            await parts.prepare_database(TEMPLATE)
        await admin.execute(f"CREATE DATABASE {made.database} TEMPLATE {TEMPLATE}")
    # What is granted on a database itself is not copied with it.
    url = parts.postgres.address.url(database=made.database)
    await roles.bootstrap(url, parts.passwords, (parts.service, *parts.beside))
    yield made
    await made.close()


def ids_of(records: Sequence[OutboxRecord]) -> set[UUID]:
    return {record.event_id for record in records}
