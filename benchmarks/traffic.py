"""Facts into Kafka at a pace, and how long each takes to come out as another fact."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.events import envelope
from shared.events.catalogue import CUSTOMER_PARTITIONS, Topic, topic_of
from shared.events.event import Event
from shared.events.partition import partition_of
from shared.tracing import trace_of

ARRIVE_SECONDS = 30.0  # after the last was sent


@asynccontextmanager
async def producing(kafka: str, *, linger_ms: int) -> AsyncGenerator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, linger_ms=linger_ms
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def send(producer: AIOKafkaProducer, event: Event) -> None:
    """Hand a fact to the producer, as its publisher would."""
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    key = event.key
    await producer.send(
        topic_of(event.event_type).name,
        value,
        key=key.encode() if key else None,
        partition=partition_of(int(key)) if key else None,
        headers=[(name, text.encode()) for name, text in headers.items()],
    )


async def fill(kafka: str, facts: Iterable[Event]) -> int:
    """Put facts into their topics as fast as they go; how many they were."""
    count = 0
    async with producing(kafka, linger_ms=50) as producer:
        for fact in facts:
            await send(producer, fact)
            count += 1
        await producer.flush()
    return count


def places(topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for number in range(CUSTOMER_PARTITIONS)]


async def records_in(consumer: AIOKafkaConsumer, topic: Topic) -> int:
    """How many records a topic has; its publishers write no transactions, so offsets count them."""
    return sum((await consumer.end_offsets(places(topic))).values())


@dataclass(frozen=True)
class Pace:
    """What is sent to a worker: so many facts a second, the first part only to warm it up.

    A source of many facts lets them wait `linger_ms` for each other; that time is counted.
    """

    per_second: int
    warm_up_seconds: int
    seconds: int
    linger_ms: int = 0

    @property
    def facts(self) -> int:
        return self.per_second * (self.warm_up_seconds + self.seconds)


@dataclass
class Echoes:
    """When each fact was sent, and when a fact that it caused could be read."""

    sent: dict[str, float] = field(default_factory=dict[str, float])
    seconds: list[float] = field(default_factory=list[float])
    given_up: int = 0

    def heard(self, cause: str) -> None:
        began = self.sent.pop(cause, None)
        if began is not None:
            self.seconds.append(time.perf_counter() - began)

    def give_up(self) -> None:
        """What has not come out by now took at least this long."""
        self.given_up = len(self.sent)
        for cause in list(self.sent):
            self.heard(cause)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of all came out."""
        ordered = sorted(self.seconds)
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def echoes(kafka: str, facts: Sequence[Event], *, effect: type[Event], pace: Pace) -> Echoes:
    """Send at a pace and read the effects' topic until each fact has had its effect."""
    heard = Echoes()
    topic = topic_of(effect.event_type)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        consumer.assign(places(topic))
        for place, end in (await consumer.end_offsets(places(topic))).items():
            consumer.seek(place, end)
        listening = asyncio.create_task(_listen(consumer, heard, len(facts), effect.event_type))
        async with producing(kafka, linger_ms=pace.linger_ms) as producer:
            await _send_at(producer, facts, heard, pace.per_second)
            await asyncio.wait_for(listening, ARRIVE_SECONDS)
    except TimeoutError:
        heard.give_up()
    finally:
        await consumer.stop()
    return heard


async def _listen(consumer: AIOKafkaConsumer, heard: Echoes, count: int, event_type: str) -> None:
    wanted = event_type.encode()
    while len(heard.seconds) < count:
        fetched = await consumer.getmany(timeout_ms=200)
        for record in chain.from_iterable(fetched.values()):
            headers = dict(record.headers)
            if headers["ce_type"] == wanted:
                heard.heard(headers["ce_causationid"].decode())


async def _send_at(
    producer: AIOKafkaProducer, facts: Sequence[Event], heard: Echoes, per_second: int
) -> None:
    began = time.perf_counter()
    for number, fact in enumerate(facts):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        heard.sent[str(fact.event_id)] = time.perf_counter()
        await send(producer, fact)
