"""Outbox rows as the client's own batches: a partition's records go and are answered together.

Handed over one by one, a record costs the client a lookup, a future and three callbacks: more than
all that a bill costs otherwise.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from pydantic_core import from_json
from sqlalchemy import Row

from shared.events.partition import partition_of_key
from shared.logging import get_logger

Rows = Sequence[Row[Any]]

log = get_logger(__name__)


@dataclass(frozen=True)
class RowBatch:
    """Rows that share a fate: the broker takes all of them or none."""

    tp: TopicPartition
    builder: BatchBuilder
    rows: list[Row[Any]] = field(default_factory=list[Row[Any]])

    def takes(self, row: Row[Any]) -> bool:
        """Add the row, if there is room; the first one always fits."""
        added = self.builder.append(
            timestamp=None,
            key=row.key.encode() if row.key is not None else None,
            value=row.value,
            headers=[(name, value.encode()) for name, value in from_json(row.headers).items()],
        )
        if added is None:
            return False
        self.rows.append(row)
        return True


async def batches_of(producer: AIOKafkaProducer, rows: Rows) -> list[RowBatch]:
    """Rows in their order within each partition; the first batch of every partition comes first."""
    by_place: defaultdict[TopicPartition, list[Row[Any]]] = defaultdict(list)
    counts = {topic: await _partitions(producer, topic) for topic in {row.topic for row in rows}}
    for row in rows:
        by_place[TopicPartition(row.topic, _partition_of(row, counts[row.topic]))].append(row)
    numbered = [
        (number, batch)
        for tp, placed in by_place.items()
        for number, batch in enumerate(_filled(producer, tp, placed))
    ]
    # A partition's second batch waits for its first to be on its way; the others' do not.
    return [batch for _, batch in sorted(numbered, key=lambda pair: pair[0])]


async def _partitions(producer: AIOKafkaProducer, topic: str) -> int:
    return len(await producer.partitions_for(topic))


def _partition_of(row: Row[Any], partitions: int) -> int:
    if row.partition is not None:
        return int(row.partition)
    # Without a key nothing is ordered: any partition will do.
    return int(row.id) % partitions if row.key is None else partition_of_key(row.key, partitions)


def _filled(producer: AIOKafkaProducer, tp: TopicPartition, rows: Rows) -> Iterator[RowBatch]:
    batch = RowBatch(tp, producer.create_batch())
    for row in rows:
        if not batch.takes(row):
            yield batch
            batch = RowBatch(tp, producer.create_batch())
            batch.takes(row)
    yield batch


async def send(producer: AIOKafkaProducer, batch: RowBatch) -> asyncio.Future[Any]:
    """Hand a batch to the client; the future tells the broker's answer."""
    while True:
        try:
            return await producer.send_batch(
                batch.builder, batch.tp.topic, partition=batch.tp.partition
            )
        except KafkaTimeoutError:
            # The client's buffer could not drain: this batch was not taken, so ask again.
            log.warning("relay_buffer_full", topic=batch.tp.topic)
