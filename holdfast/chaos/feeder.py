"""Sends a plan to the real broker and remembers what was acknowledged, and where it lies."""

import asyncio
import time
from asyncio import Future
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.structs import RecordMetadata

from holdfast.chaos.history import Place
from holdfast.chaos.plan import Message

# A broker restart may take longer than the client's 40 s; what timed out is repeated.
REQUEST_TIMEOUT_MS = 60_000
REQUEST_BYTES_MAX = 1_048_576
PAUSE_SECONDS = 0.05
IN_FLIGHT_MAX = 2_000


class Feeder:
    """Sends up to `limit` messages at `rate` a second; both may be raised while it runs."""

    def __init__(self, kafka: str, messages: Sequence[Message], *, rate: float) -> None:
        self._kafka = kafka
        self._messages = messages
        self._in_flight: set[asyncio.Task[None]] = set()
        self._producer: AIOKafkaProducer | None = None
        self.rate = rate
        self.limit = 0
        self.sent = 0
        self.acknowledged: list[Place] = []

    async def run(self) -> None:
        """Until everything is acknowledged."""
        self._producer = await self._start()
        try:
            await self._feed()
            await asyncio.gather(*self._in_flight)
        finally:
            await self._producer.stop()

    async def _start(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka,
            client_id="holdfast-chaos-feeder",
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_request_size=REQUEST_BYTES_MAX,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        await producer.start()
        return producer

    async def _feed(self) -> None:
        due = 0.0
        before = time.monotonic()
        while self.sent < len(self._messages):
            now = time.monotonic()
            due = min(due + self.rate * (now - before), self.rate)
            before = now
            room = min(int(due), self.limit - self.sent, IN_FLIGHT_MAX - len(self._in_flight))
            for message in self._messages[self.sent : self.sent + max(0, room)]:
                await self.send(message)
                self.sent += 1
                due -= 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def send_again(self, messages: Iterable[Message]) -> None:
        """Deliver once more what was delivered already, under new offsets."""
        for message in messages:
            await self.send(message)

    def recent(self, count: int) -> Sequence[Message]:
        return self._messages[max(0, self.sent - count) : self.sent]

    async def send(self, message: Message) -> None:
        task = asyncio.create_task(self._note(message, await self._enqueue(message)))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _enqueue(self, message: Message) -> Future[RecordMetadata]:
        if self._producer is None:
            raise RuntimeError("the feeder does not run")
        while True:
            try:
                return await self._producer.send(
                    message.topic,
                    message.value,
                    key=message.key.encode() if message.key else None,
                    partition=message.partition,
                    headers=[(name, text.encode()) for name, text in message.headers.items()],
                )
            except KafkaTimeoutError:
                # The buffer could not drain: this record was not taken.
                await asyncio.sleep(PAUSE_SECONDS)

    async def _note(self, message: Message, sent: Future[RecordMetadata]) -> None:
        try:
            place = await sent
        except KafkaError:
            # Perhaps it was stored and perhaps not; sent again it may lie in the log twice, which
            # the checker sees from the log itself.
            await self._note(message, await self._enqueue(message))
        else:
            self.acknowledged.append(
                Place(message.number, place.topic, place.partition, place.offset)
            )
