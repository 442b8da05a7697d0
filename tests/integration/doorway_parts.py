"""What the tests of the doorway hold in their hands: real servers, records, one real worker."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
from aiokafka import AIOKafkaProducer
from kafka import TopicPartition
from kafka.admin import MemberToRemove, OffsetSpec

from holdfast import topics
from holdfast.chaos.observer import connected
from holdfast.chaos.parts import WORKER, Parts, Worker
from shared.events import arrow, envelope
from shared.events.billing import BillIssued
from shared.events.catalogue import CUSTOMER_PARTITIONS, route_of, topics_read_by
from shared.events.customers import CustomerProfile, Tier
from shared.events.event import CustomerEvent, EventId
from shared.events.partition import partition_of
from shared.tracing import trace_of

GROUP = "holdfast-points"
TOPICS = sorted(topic.name for topic in topics_read_by("points"))
BILLING, CUSTOMERS = "holdfast.billing.v1", "holdfast.customers.v1"
PATIENCE_SECONDS = 20.0
ASK_AGAIN_SECONDS = 0.05

Places = dict[tuple[str, int], int]


async def comes_to(
    ask: Callable[[], Awaitable[object]], wanted: object, *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Ask until the answer is `wanted`; past the deadline the last answer is what is shown."""
    deadline = time.monotonic() + seconds
    found = await ask()
    while found != wanted and time.monotonic() < deadline:
        await asyncio.sleep(ASK_AGAIN_SECONDS)
        found = await ask()
    assert found == wanted


@dataclass(frozen=True)
class Record:
    """A record as a source sends it."""

    topic: str
    partition: int
    key: str | None
    headers: dict[str, str]
    value: bytes

    def with_headers(self, **headers: str) -> "Record":
        return replace(self, headers=self.headers | headers)

    def without_header(self, name: str) -> "Record":
        return replace(self, headers={n: v for n, v in self.headers.items() if n != name})

    def with_fields(self, **fields: object) -> "Record":
        """Another value; a field that is None is left out."""
        body: dict[str, Any] = json.loads(self.value) | fields
        kept = {name: value for name, value in body.items() if value is not None}
        return replace(self, value=json.dumps(kept).encode())


def now() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def customer_in(partition: int) -> int:
    """A new customer of this partition."""
    customer = (uuid4().int >> 66) + 1
    while partition_of(customer) != partition:
        customer += 1
    return customer


def a_bill(customer: int, *, yuan: int = 100) -> BillIssued:
    return BillIssued(
        event_id=EventId(uuid4()),
        subject=f"customer/{customer}",
        at=now(),
        customer_id=customer,
        county="990101",
        bill_id=f"B{uuid4()}",
        month="2026-02",
        amount_fen=yuan * 100,
    )


def a_profile(customer: int, sequence: int) -> CustomerProfile:
    return CustomerProfile(
        event_id=EventId(uuid4()),
        subject=f"customer/{customer}",
        sequence=sequence,
        at=now(),
        customer_id=customer,
        county="990101",
        tier=Tier.GOLD,
        plan="5G-128",
        status_at=now(),
        consent_at=now(),
    )


def record_of(event: CustomerEvent) -> Record:
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    topic = route_of(event.event_type).topic.name
    return Record(topic, partition_of(event.customer_id), event.key, headers, value)


def arrow_of(bills: Sequence[BillIssued], partition: int) -> Record:
    batch = uuid4()
    headers, value = arrow.encode_rows(
        BillIssued,
        [bill.model_dump() for bill in bills],
        batch_id=batch,
        trace=trace_of(None, str(batch)),
    )
    return Record(BILLING, partition, None, headers, value)


@dataclass(frozen=True)
class Doorway:
    """One broker, one PostgreSQL and one group for all tests, so one worker at a time."""

    parts: Parts
    producer: AIOKafkaProducer
    web: httpx2.AsyncClient

    async def send(self, *records: Record) -> list[int]:
        """Send in this order; the offsets they got."""
        sent = [
            await self.producer.send(
                record.topic,
                record.value,
                key=record.key.encode() if record.key else None,
                partition=record.partition,
                headers=[(name, text.encode()) for name, text in record.headers.items()],
            )
            for record in records
        ]
        return [metadata.offset for metadata in await asyncio.gather(*sent)]

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async with connected(self.parts.postgres.address.url()) as connection:
            return [tuple(row) for row in await connection.fetch(query, *values)]

    async def execute(self, statement: str, *values: object) -> None:
        async with connected(self.parts.postgres.address.url()) as connection:
            await connection.execute(statement, *values)

    async def points(self, customers: Iterable[int]) -> dict[int, tuple[int, int]]:
        """How many entries each customer has, and how many points they granted."""
        rows = await self.rows(
            """
            SELECT e.customer_id, e.entries, l.granted FROM
                (SELECT customer_id, count(*) AS entries FROM entry GROUP BY 1) e
                JOIN (SELECT customer_id, sum(granted)::bigint AS granted FROM lot GROUP BY 1) l
                USING (customer_id)
            WHERE customer_id = ANY($1)
            """,
            list(customers),
        )
        return {customer: (entries, granted) for customer, entries, granted in rows}

    async def positions(self) -> Places:
        rows = await self.rows("SELECT topic, partition, next_offset FROM position")
        return {(topic, partition): at for topic, partition, at in rows}

    def log_ends(self) -> Places:
        places = [TopicPartition(topic, n) for topic in TOPICS for n in range(CUSTOMER_PARTITIONS)]
        with topics.cluster(self.parts.broker.address) as client:
            ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        return {(place.topic, place.partition): end.offset for place, end in ends.items()}

    async def start(self, module: str = WORKER) -> Worker:
        """A worker that owns every partition and is ready."""
        worker = self.parts.start_worker(module)
        await self.owned_by(worker)
        return worker

    async def owned_by(self, worker: Worker) -> None:
        async def owned() -> tuple[bool, int]:
            query = "SELECT count(*) FROM position WHERE owner LIKE $1"
            [(count,)] = await self.rows(query, f"%/{worker.process.pid}")
            return await self.ready(worker), count

        await comes_to(owned, (True, CUSTOMER_PARTITIONS * len(TOPICS)), seconds=30)

    async def ready(self, worker: Worker) -> bool:
        try:
            answer = await self.web.get(f"http://127.0.0.1:{worker.health_port}/readyz")
        except httpx2.TransportError:
            return False
        return answer.status_code == 200

    def forget_the_dead(self) -> None:
        """Take members that ended hard out of the group; else the next waits out their session."""
        with topics.cluster(self.parts.broker.address) as client:
            members = client.describe_groups([GROUP])[GROUP]["members"]
            dead = [MemberToRemove(member_id=member["member_id"]) for member in members]
            if dead:
                client.remove_group_members(GROUP, dead)


async def ends_with(worker: Worker, *, seconds: float = 30) -> tuple[int, str]:
    """The exit code of a worker that ends by itself, and the reason that it gave."""

    async def ended() -> bool:
        return not worker.alive()

    await comes_to(ended, wanted=True, seconds=seconds)
    return worker.process.returncode, worker.reason()
