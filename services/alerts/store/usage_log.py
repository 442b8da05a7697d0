"""Ingest's way to usage.v1: the one writer to Kafka beside the relays (contracts §4)."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from shared.errors import Unavailable
from shared.events.catalogue import USAGE
from shared.logging import get_logger

# A caller repeats a batch as it was, so giving up early costs nothing but the repeat.
ACK_SECONDS = 5
# A producer that is given up first fails what it still holds, by two requests that time out.
STOP_SECONDS = 20
REQUEST_BYTES_MAX = 1_048_576  # as the relay's; ours are half of it at most

log = get_logger(__name__)


@dataclass(frozen=True)
class LogRecord:
    """What is appended to one partition."""

    partition: int
    headers: dict[str, str]
    value: bytes


class UsageLog:
    """One idempotent producer a process; after any fault the next append begins with a new one."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Append all; return when every in-sync replica has every one of them.

        Raises:
            Unavailable: some may be on the log and some not; append them again, all of them.
        """
        try:
            async with asyncio.timeout(ACK_SECONDS):
                producer = await self._started()
                sent = [await _send(producer, record) for record in records]
                for answer in sent:
                    answer.add_done_callback(_looked_at)
                # Not gathered: a time-out must not cancel what the producer still waits for.
                if sent:
                    await asyncio.wait(sent)
        except (KafkaError, TimeoutError, OSError) as error:
            self._give_up(error)
            raise Unavailable("Kafka is away; send the batch again as it is") from error
        for answer in sent:
            if (refused := answer.exception()) is not None:
                self._give_up(refused)
                raise Unavailable("Kafka took not all of it; send the batch again") from refused

    async def close(self) -> None:
        self._drop()
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=ACK_SECONDS)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                fresh = AIOKafkaProducer(
                    bootstrap_servers=self._kafka.split(","),
                    client_id="holdfast-ingest",
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    max_request_size=REQUEST_BYTES_MAX,
                    request_timeout_ms=ACK_SECONDS * 1000,
                )
                try:
                    await fresh.start()
                except BaseException:
                    self._stop(fresh)
                    raise
                self._producer = fresh
            return self._producer

    def _give_up(self, error: BaseException) -> None:
        """A producer whose numbering may have a hole is of no more use."""
        log.warning("usage_log_waits", error=f"{type(error).__name__}: {error}"[:300])
        self._drop()

    def _drop(self) -> None:
        dropped, self._producer = self._producer, None
        if dropped is not None:
            self._stop(dropped)

    def _stop(self, producer: AIOKafkaProducer) -> None:
        """Beside the request: stopping waits for a broker that may be away."""
        task = asyncio.create_task(_stopped(producer))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _stopped(producer: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaError, TimeoutError, OSError):
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)


def _looked_at(answer: "asyncio.Future[RecordMetadata]") -> None:
    """What fails after we gave up is known already; unread, asyncio would report it again."""
    if not answer.cancelled():
        answer.exception()


async def _send(producer: AIOKafkaProducer, record: LogRecord) -> "asyncio.Future[RecordMetadata]":
    return await producer.send(
        USAGE.name,
        value=record.value,
        partition=record.partition,
        headers=[(name, text.encode()) for name, text in record.headers.items()],
    )
