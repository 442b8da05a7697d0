"""The relay: all that was committed leaves, in order, through one process, whatever happens."""

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from doorway_parts import comes_to
from out_parts import PARTITIONS, PATIENCE_SECONDS, OutTopic, Schema, ids_of
from prometheus_client import REGISTRY

from shared.database import unit_of_work
from shared.events.partition import partition_of
from shared.outbox import OutboxRecord
from shared.relay import REQUEST_BYTES_MAX, WrongServer
from shared.relay_lease import LEASE_SECONDS

WRITERS, TRANSACTIONS, LINGER_SECONDS = 8, 60, 0.012
BYTES = 18_000


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_facts_leave_in_order_to_the_partition_of_their_key(
    schema: Schema, topic: OutTopic
) -> None:
    customers = [secrets.randbelow(2**63 - 1) + 1 for _ in range(100)]
    keyed = [topic.record(key=str(customer)) for customer in customers]
    named = [topic.record(partition=2) for _ in range(3)]
    await schema.emit(*keyed, *named)

    async with topic.reader() as reader, schema.relay():
        await reader.until(ids_of(keyed + named))

    assert {record.key: record.partition for record in reader.seen if record.key} == {
        str(c).encode(): partition_of(c, PARTITIONS) for c in customers
    }
    for number in range(PARTITIONS):
        left = [i for i, r in zip(reader.ids, reader.seen, strict=True) if r.partition == number]
        order = [r.event_id for r in keyed + named if r.event_id in left]
        assert left == order


class Writers:
    """Eight at once, whose transactions stay open for 0 to 12 ms after the fact was written."""

    def __init__(self, schema: Schema, topic: OutTopic) -> None:
        self._engine = schema.engine(pool=WRITERS)
        self._topic = topic
        self.written: set[UUID] = set()

    async def write(self) -> None:
        await asyncio.gather(*(self._writer(seed) for seed in range(WRITERS)))

    async def _writer(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - lengths of pauses, the same in every run.
        for _ in range(TRANSACTIONS):
            record = self._topic.record(key=str(seed))
            async with unit_of_work(self._engine) as uow:
                uow.emit_records([record])
                await uow.flush()
                await asyncio.sleep(chance.uniform(0, LINGER_SECONDS))
            self.written.add(record.event_id)


@asynccontextmanager
async def followed_by_id(schema: Schema) -> AsyncGenerator[set[UUID]]:
    """The seeded bug: a reader that remembers the highest id instead of asking who still writes."""
    seen: set[UUID] = set()

    async def follow() -> None:
        last = 0
        async with schema.connected() as connection:
            while True:
                rows = await connection.fetch(
                    "SELECT id, event_id FROM outbox WHERE id > $1 ORDER BY id", last
                )
                seen.update(row["event_id"] for row in rows)
                last = max([last, *(row["id"] for row in rows)])
                await asyncio.sleep(0.003)

    following = asyncio.create_task(follow())
    try:
        yield seen
    finally:
        following.cancel()
        await asyncio.wait({following})


async def test_concurrent_writers_lose_nothing_where_an_id_cursor_does(
    schema: Schema, topic: OutTopic
) -> None:
    writers = Writers(schema, topic)
    async with topic.reader() as reader, schema.relay(), followed_by_id(schema) as by_id:
        await writers.write()
        await reader.until(writers.written)

    assert len(writers.written) == WRITERS * TRANSACTIONS
    assert writers.written - by_id
    assert Counter(reader.ids) == dict.fromkeys(writers.written, 1)


async def test_what_a_killed_relay_had_sent_comes_again_and_nothing_is_lost(
    schema: Schema, topic: OutTopic
) -> None:
    """It dies after the acknowledgements and before its cursor moves."""
    records = [topic.record(key="1") for _ in range(20)]
    await schema.emit(*records)
    async with topic.reader() as reader:
        async with schema.connected() as holder, holder.transaction():
            await holder.execute("SELECT FROM outbox_cursor FOR UPDATE")
            async with schema.relay():
                await reader.until(ids_of(records))
        assert await schema.rows("SELECT last_id FROM outbox_cursor") == [(0,)]

        later = topic.record(key="1")
        await schema.emit(later)
        async with schema.relay():
            await reader.until({later.event_id})

    repeated = Counter(reader.ids)
    assert all(repeated[record.event_id] > 1 for record in records)
    assert repeated[later.event_id] == 1


async def test_of_two_relays_one_publishes_and_the_other_takes_over(
    schema: Schema, topic: OutTopic
) -> None:
    engine, sent = schema.engine(), list[OutboxRecord]()

    async def emit_and_read() -> None:
        sent.extend(topic.record(key="1") for _ in range(50))
        await schema.emit(*sent[-50:], engine=engine)
        await reader.until(ids_of(sent))

    async with topic.reader() as reader:
        async with schema.relay():
            await emit_and_read()
            first = await leader(schema)
            async with schema.relay():
                await emit_and_read()
                assert await leader(schema) == first
        async with schema.relay():
            await emit_and_read()

    assert (await leader(schema))[1] == first[1] + 1
    assert Counter(reader.ids) == dict.fromkeys(ids_of(sent), 1)


async def test_a_lease_outlives_its_time_while_the_broker_is_slow(
    schema: Schema, topic: OutTopic
) -> None:
    """A topic that is not there yet holds the window as a broker does that is away."""
    missing = OutTopic(topic.kafka, f"{topic.name}-later")
    record = missing.record(key="1")
    await schema.emit(record)
    async with schema.relay():
        await comes_to(lambda: leased(schema), wanted=True)
        holder, begun = await leader(schema), time.monotonic()
        lease = "SELECT expires_at > clock_timestamp() FROM relay_lease"
        await comes_to(past(begun + LEASE_SECONDS), wanted=True)
        assert await schema.rows(lease) == [(True,)]
        missing.create()
        async with missing.reader() as reader:
            await reader.until({record.event_id})
        assert await leader(schema) == holder


async def leader(schema: Schema) -> tuple[str, int]:
    [(owner, epoch)] = await schema.rows("SELECT owner, epoch FROM relay_lease")
    return owner, epoch


async def leased(schema: Schema) -> bool:
    return (await leader(schema))[0] != "nobody"


def past(moment: float) -> Callable[[], Awaitable[bool]]:
    async def is_past() -> bool:
        return time.monotonic() > moment

    return is_past


async def leads() -> bool:
    return bool(metric("holdfast_relay_leader"))


async def test_a_relay_that_lost_its_lease_moves_no_cursor(schema: Schema, topic: OutTopic) -> None:
    record = topic.record(key="1")
    await schema.emit(record)
    async with schema.connected() as other, topic.reader() as reader:
        taking_over = other.transaction()
        await taking_over.start()
        await other.execute("UPDATE outbox_cursor SET epoch = 99")
        async with schema.relay():
            await reader.until({record.event_id})
            await other.execute(
                "UPDATE relay_lease SET owner = 'other', epoch = 99, expires_at = 'infinity'"
            )
            await taking_over.commit()
            await comes_to(leads, wanted=False)
    assert await schema.rows("SELECT last_id, epoch FROM outbox_cursor") == [(0, 99)]


@pytest.mark.parametrize(
    "size", [25_000, REQUEST_BYTES_MAX + 1], ids=["for the topic", "for the client"]
)
async def test_a_row_too_large_is_set_aside_and_the_rest_goes_on(
    schema: Schema, topic: OutTopic, size: int
) -> None:
    large = topic.record(partition=1, value=b"x" * size)
    small = [topic.record(partition=n % PARTITIONS) for n in range(40)]
    await schema.emit(*small[:20], large, *small[20:])

    async with topic.reader() as reader, schema.relay():
        await reader.until(ids_of(small))
        await schema.emit(later := topic.record(partition=1))
        await reader.until({later.event_id})

    assert large.event_id not in reader.ids
    assert await schema.rows("SELECT event_id, size FROM outbox_oversized") == [
        (large.event_id, size)
    ]
    assert metric("holdfast_outbox_oversized_total", topic=topic.name) == 1


async def test_a_window_ends_where_its_bytes_do(schema: Schema, topic: OutTopic) -> None:
    """A thousand rows of the largest size would be half a gigabyte."""
    records = [topic.record(key=str(n), value=b"x" * BYTES) for n in range(400)]
    await schema.emit(*records)
    before = metric("holdfast_relay_pass_seconds_count")
    stop = asyncio.Event()
    async with topic.reader() as reader, schema.relay(stop) as relay:
        await reader.until(ids_of(records))
        stop.set()
        await relay
    assert metric("holdfast_relay_pass_seconds_count") - before >= len(records) * BYTES / 2**22
    assert len(reader.ids) == len(records)


async def test_a_cursor_of_another_server_ends_the_relay_with_the_remedy(
    schema: Schema, topic: OutTopic
) -> None:
    await schema.emit(topic.record(key="1"))
    async with schema.connected() as operator:
        await operator.execute("UPDATE outbox_cursor SET system_identifier = 1")

    async with schema.relay() as relay:
        with pytest.raises(WrongServer, match="outbox reseed points"):
            await asyncio.wait_for(relay, PATIENCE_SECONDS)


async def test_a_stopped_relay_hands_its_lease_on(schema: Schema) -> None:
    stop = asyncio.Event()
    async with schema.relay(stop) as relay:
        await comes_to(lambda: leased(schema), wanted=True)
        stop.set()
        await asyncio.wait_for(relay, PATIENCE_SECONDS)
    assert await schema.rows("SELECT expires_at = '-infinity' FROM relay_lease") == [(True,)]
