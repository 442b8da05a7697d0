"""How far the fold of identity.v1 has come, and how far the topic reaches."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.catalogue import IDENTITY

_PLACES = [TopicPartition(IDENTITY.name, number) for number in range(IDENTITY.partitions)]

_FOLDED = text("SELECT partition, next_offset FROM position WHERE topic = :topic")


async def ends(kafka: str) -> dict[int, int]:
    """Where each partition that holds anything ends at this moment.

    Raises:
        aiokafka.errors.KafkaError: no broker answered.
    """
    client = AIOKafkaConsumer(bootstrap_servers=kafka.split(","), client_id="holdfast-ingest")
    await client.start()
    try:
        begins = await client.beginning_offsets(_PLACES)
        ends = await client.end_offsets(_PLACES)
    finally:
        await client.stop()
    return {place.partition: end for place, end in ends.items() if end > begins[place]}


async def is_folded(connection: AsyncConnection, ends: Mapping[int, int]) -> bool:
    """Whether the worker has folded all partitions up to there."""
    rows = await connection.execute(_FOLDED, {"topic": IDENTITY.name})
    folded = {row.partition: row.next_offset for row in rows}
    return all(folded.get(partition, 0) >= end for partition, end in ends.items())
