"""What the services told: their topics, read from beginning to end (contracts §3)."""

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

POLL_MS = 500
RECORDS_MAX = 5_000


@dataclass(frozen=True)
class Told:
    """One fact as it lies in its topic."""

    event_type: str
    event_id: str
    cause_id: str
    at: datetime
    body: dict[str, Any]

    @property
    def customer(self) -> int:
        return int(self.body["customer_id"])


async def told(kafka: str, topics: Iterable[str]) -> AsyncGenerator[Told]:
    """Every fact of `topics` as they stand now, each partition in its order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=None, auto_offset_reset="earliest", max_poll_records=None
    )
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = {p: end for p, end in (await consumer.end_offsets(partitions)).items() if end}
        async for record in _until(consumer, ends):
            yield _fact(record)
    finally:
        await consumer.stop()


async def _until(
    consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]
) -> AsyncGenerator[ConsumerRecord[bytes, bytes]]:
    while ends:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)
        for records in fetched.values():
            for record in records:
                yield record
        for partition in list(ends):
            if await consumer.position(partition) >= ends[partition]:
                del ends[partition]


def _fact(record: "ConsumerRecord[bytes, bytes]") -> Told:
    headers = {name: text.decode() for name, text in record.headers}
    return Told(
        event_type=headers["ce_type"],
        event_id=headers["ce_id"],
        cause_id=headers.get("ce_causationid", ""),
        at=datetime.fromisoformat(headers["ce_time"]),
        body=orjson.loads(record.value or b"{}"),
    )
