"""What the tests of alerts hold in their hands: a database, its roles, facts that go in."""

import json
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import positions
from shared.database import unit_of_work
from shared.events import envelope
from shared.events.event import Event, EventId
from shared.events.identity import IdentityAssigned
from shared.events.partition import partition_of
from shared.events.usage import UsageControl
from shared.number_hash import NumberHasher

HASHER = NumberHasher(bytes(range(32)), "test-1")
AT = datetime(2026, 2, 27, 1, tzinfo=UTC)
TOPIC_ID = UUID("3f1c1c1e-30f5-4a8a-9a55-6d1d5f9f5b11")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Alerts:
    """One migrated database; `worker` is the stream side's engine, `urls` name every role's."""

    urls: dict[str, str]
    worker: AsyncEngine

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the superuser sees: everything."""
        async with self.connected() as connection:
            return [tuple(row) for row in await connection.fetch(query, *values)]

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.urls["superuser"])
        try:
            await connection.execute("SET search_path = alerts, holdfast")
            yield connection
        finally:
            await connection.close()

    async def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, as values: bytes show what text they hold."""
        names = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'alerts'")
        return {name: await self.rows(f"SELECT * FROM {name}") for (name,) in names}  # noqa: S608 - from the catalogue.

    async def folded(self) -> None:
        """As when a worker has folded identity.v1, however much it holds."""
        async with self.connected() as connection:
            await connection.execute(
                "INSERT INTO position SELECT 'holdfast.identity.v1', p, 1000000000, 1, 'test', "
                "gen_random_uuid(), 0, now() FROM generate_series(0, 7) AS p"
            )

    async def claim(self, topic: str, partition: int) -> TopicPartition:
        """The position of a partition, as a worker has it that begins at nought."""
        place = TopicPartition(topic, partition)
        async with unit_of_work(self.worker) as uow:
            logs = {place: positions.Log(TOPIC_ID, 0)}
            await positions.claim(uow.connection, logs, owner="test")
        return place

    async def controls(self, partition: int) -> list[UsageControl]:
        """What the merger told a usage partition, in the order in which it leaves."""
        rows = await self.rows(
            "SELECT headers::text, value FROM outbox WHERE partition = $1 AND topic = $2 "
            "AND headers->>'ce_type' = $3 ORDER BY id",
            partition,
            "holdfast.usage.v1",
            UsageControl.event_type,
        )
        return [_control(headers, value) for headers, value in rows]


def _control(headers: str, value: bytes) -> UsageControl:
    event: Event = envelope.decode(json.loads(headers), value)
    assert isinstance(event, UsageControl)
    return event


def a_number() -> str:
    return f"138{secrets.randbelow(10**8):08d}"


def a_customer(partition: int | None = None) -> int:
    """A new customer, of this partition if it matters."""
    while True:
        customer = secrets.randbelow(2**63 - 1) + 1
        if partition is None or partition_of(customer) == partition:
            return customer


def assigned(
    number: str,
    customer: int,
    *,
    begins: datetime = LONG_AGO,
    ends: datetime | None = None,
    sequence: int = 1,
) -> IdentityAssigned:
    number_hash = HASHER.hexadecimal(number)
    return IdentityAssigned(
        event_id=EventId(uuid4()),
        subject=f"number/{number_hash}",
        sequence=sequence,
        at=AT - timedelta(hours=1),
        customer_id=customer,
        county="990101",
        number_hash=number_hash,
        key_id=HASHER.key_id,
        valid_from=begins,
        valid_to=ends,
    )


def numbers_of(controls: Sequence[UsageControl]) -> list[int]:
    return [control.number for control in controls]
