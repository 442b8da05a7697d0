"""Facts of the systems around Holdfast on their way to Kafka: idempotent, acknowledged by all."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

REQUEST_BYTES_MAX = 1_048_576
BATCH_BYTES_MAX = REQUEST_BYTES_MAX // 4  # what the brokers store and readers fetch as one
LINGER_MS = 20
IN_FLIGHT_MAX = 4_000  # messages whose acknowledgement is awaited together


@dataclass(frozen=True)
class Outgoing:
    """One message; without a key its partition is named."""

    topic: str
    key: str | None
    partition: int | None
    headers: dict[str, str]
    value: bytes


class Delivery:
    """One producer for all systems that the simulator plays."""

    def __init__(self, kafka: str) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            client_id="holdfast-simulation",
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=REQUEST_BYTES_MAX,
        )
        self.delivered = 0

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, messages: Iterable[Outgoing]) -> None:
        """All of them, in order; returns when the brokers have acknowledged each."""
        waiting: list[asyncio.Future[RecordMetadata]] = []
        for message in messages:
            waiting.append(await self._enqueue(message))
            if len(waiting) >= IN_FLIGHT_MAX:
                await self._acknowledged(waiting)
        await self._acknowledged(waiting)

    async def send_bulk(self, messages: Iterable[Outgoing]) -> None:
        """All of them, batch by batch; each names its partition, and has a key.

        A client's `send` costs more than a message's making, which counts in a load of thousands.
        """
        open_batches: dict[tuple[str, int], BatchBuilder] = {}
        waiting: list[asyncio.Future[RecordMetadata]] = []
        for message in messages:
            place = (message.topic, _partition(message))
            batch = open_batches.get(place)
            if batch is None or not _taken(batch, message):
                if batch is not None:
                    waiting.append(await self._close(batch, place))
                batch = open_batches[place] = self._producer.create_batch()
                if not _taken(batch, message):
                    raise ValueError(f"a message of {message.topic} is larger than any batch")
        for place, batch in open_batches.items():
            waiting.append(await self._close(batch, place))
        await asyncio.gather(*waiting)

    async def _close(
        self, batch: BatchBuilder, place: tuple[str, int]
    ) -> asyncio.Future[RecordMetadata]:
        topic, partition = place
        batch.close()
        self.delivered += batch.record_count()
        answer = await self._producer.send_batch(batch, topic, partition=partition)
        await asyncio.sleep(0)  # others' turn: making the next batch takes a while
        return answer

    async def _enqueue(self, message: Outgoing) -> asyncio.Future[RecordMetadata]:
        return await self._producer.send(
            message.topic,
            message.value,
            key=message.key.encode() if message.key else None,
            partition=message.partition,
            headers=_headers(message),
        )

    async def _acknowledged(self, waiting: list[asyncio.Future[RecordMetadata]]) -> None:
        await asyncio.gather(*waiting)
        self.delivered += len(waiting)
        waiting.clear()


def _taken(batch: BatchBuilder, message: Outgoing) -> bool:
    """Whether it still fitted in."""
    key = message.key.encode() if message.key else None
    headers = _headers(message)
    return bool(batch.append(timestamp=None, key=key, value=message.value, headers=headers))


def _headers(message: Outgoing) -> list[tuple[str, bytes]]:
    return [(name, text.encode()) for name, text in message.headers.items()]


def _partition(message: Outgoing) -> int:
    if message.partition is None:
        raise ValueError(f"a bulk message of {message.topic} names no partition")
    return message.partition
