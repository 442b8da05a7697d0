"""Reads, at the end of a run, everything that came of it: the log, the ledger, the out-topic."""

import json
from collections.abc import AsyncGenerator, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from holdfast.chaos.history import Effects, Letter, Place, Position, PostedEntry, Published
from holdfast.chaos.message import NUMBER_HEADER
from holdfast.chaos.observer import connected
from services.points.ledger import statements
from shared.events.catalogue import (
    BILLING,
    CUSTOMERS,
    POINTS,
    TOUCHPOINTS,
    USAGE,
    Topic,
)
from shared.events.points import PointsGranted, PointsSpent

AUDIT_ROWS_MAX = 20
IN_TOPICS = (BILLING, CUSTOMERS)
FED_TOPICS = (*IN_TOPICS, TOUCHPOINTS, USAGE)
POSTED = (PointsGranted.event_type, PointsSpent.event_type)

# How many outbox rows the relay has not passed yet.
_UNSENT = """
SELECT count(*) FROM outbox o, outbox_cursor c WHERE (o.xid, o.id) > (c.xid, c.last_id)
"""

Record = ConsumerRecord[bytes, bytes]


async def ends(kafka: str, topics: Iterable[Topic]) -> dict[tuple[str, int], int]:
    """The ends of all partitions that hold something."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        found = await consumer.end_offsets(_partitions(topics))
        return {(tp.topic, tp.partition): end for tp, end in found.items() if end}
    finally:
        await consumer.stop()


async def read_log(kafka: str, topics: Iterable[Topic]) -> AsyncGenerator[Record]:
    """Every record of the topics as they end now."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 2**20,
    )
    await consumer.start()
    try:
        found = await consumer.end_offsets(_partitions(topics))
        missing = {tp for tp, end in found.items() if end}
        consumer.assign(missing)
        await consumer.seek_to_beginning(*missing)
        while missing:
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    yield record
                if records and records[-1].offset + 1 >= found[tp]:
                    missing.discard(tp)
    finally:
        await consumer.stop()


async def logged(kafka: str) -> tuple[Place, ...]:
    """Where each message of the plan lies, once for each time that it lies there."""
    places: list[Place] = []
    async for record in read_log(kafka, FED_TOPICS):
        number = dict(record.headers).get(NUMBER_HEADER)
        if number is not None:  # alerts writes control messages between those of the plan
            places.append(Place(int(number), record.topic, record.partition, record.offset))
    return tuple(places)


async def published(kafka: str) -> tuple[Published, ...]:
    """What points told of its postings."""
    events: list[Published] = []
    async for record in read_log(kafka, (POINTS,)):
        headers = {name: text.decode() for name, text in record.headers}
        if headers["ce_type"] in POSTED:
            events.append(_published(record, headers["ce_id"]))
    return tuple(events)


def _published(record: Record, event_id: str) -> Published:
    body = json.loads(record.value or b"{}")
    return Published(
        partition=record.partition,
        offset=record.offset,
        event_id=event_id,
        entry_id=body["entry_id"],
        lot=f"{body['customer_id']}/{body['cohort']}",
        lot_version=body["lot_version"],
        amount=body["amount"],
    )


async def effects(url: str, kafka: str) -> Effects:
    """The ledger with its audit and hash, the letters, and the facts that left."""
    async with connected(url) as connection:
        entries = await connection.fetch(
            "SELECT entry_id::text, customer_id, cohort, kind, amount, lot_version FROM entry"
        )
        letters = await connection.fetch(
            "SELECT topic, partition, offset_, row_, attempts FROM dead_letter"
        )
        parked = await connection.fetch("SELECT topic, partition, offset_ FROM parked")
        customers = await connection.fetch("SELECT customer_id, sequence FROM customer")
        at = await connection.fetch("SELECT topic, partition, next_offset FROM position")
        audit = await connection.fetch(statements.AUDIT.replace(":limit", str(AUDIT_ROWS_MAX)))
        ledger_hash: str = await connection.fetchval(statements.HASH)
    return Effects(
        entries=tuple(
            PostedEntry(e[0], f"{e[1]}/{e[2]}", kind=e[3], amount=e[4], lot_version=e[5])
            for e in entries
        ),
        published=await published(kafka),
        letters=tuple(Letter(*row) for row in letters),
        parked=tuple(Position(*row) for row in parked),
        sequences={row[0]: row[1] for row in customers},
        positions=tuple(Position(*row) for row in at),
        audit=tuple(str(dict(row)) for row in audit),
        ledger_hash=ledger_hash,
    )


async def ledger_hash(url: str) -> str:
    async with connected(url) as connection:
        return await connection.fetchval(statements.HASH)


async def unsent(url: str, service: str) -> int:
    """Outbox rows that have not left yet."""
    async with connected(url, service) as connection:
        return await connection.fetchval(_UNSENT)


def _partitions(topics: Iterable[Topic]) -> list[TopicPartition]:
    return [TopicPartition(t.name, p) for t in topics for p in range(t.partitions)]
