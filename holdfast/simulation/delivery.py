"""Facts of the systems around Holdfast on their way to Kafka: idempotent, acknowledged by all."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

REQUEST_BYTES_MAX = 1_048_576
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

    async def _enqueue(self, message: Outgoing) -> asyncio.Future[RecordMetadata]:
        return await self._producer.send(
            message.topic,
            message.value,
            key=message.key.encode() if message.key else None,
            partition=message.partition,
            headers=[(name, text.encode()) for name, text in message.headers.items()],
        )

    async def _acknowledged(self, waiting: list[asyncio.Future[RecordMetadata]]) -> None:
        await asyncio.gather(*waiting)
        self.delivered += len(waiting)
        waiting.clear()
