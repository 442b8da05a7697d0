"""Bills that wait in Kafka into the ledger: positions, entries, outbox, and the facts published.

Counted from the first position to the last fact in its topic, so that a worker's start is no part
of it; the relay works in the worker's process and is counted with it.
"""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaConsumer
from bills import bills
from figures import Cpu, Target, print_figure, say
from servers import Meter, running, used
from traffic import fill, records_in

from holdfast.chaos.parts import Parts
from shared.events.catalogue import BILLING, POINTS

BILLS = 100_000
SAMPLE_SECONDS = 0.2
PATIENCE_SECONDS = 300.0

TARGET = Target(at_least=5_000)

_CONSUMED = f"""
    SELECT coalesce(sum(next_offset), 0)::bigint FROM points.position
    WHERE topic = '{BILLING.name}'
"""  # noqa: S608 - a constant of ours.


@dataclass(frozen=True)
class Sample:
    """How far the worker was at a moment."""

    at: float
    consumed: int
    published: int
    cpu: Cpu


async def follow(parts: Parts, count: int) -> tuple[Sample, Sample]:
    """From the first bill consumed to the last fact published.

    Raises:
        TimeoutError: the worker does not get on.
    """
    meter = Meter(parts, parts.start_worker())
    database = await asyncpg.connect(parts.postgres.address.url(database=parts.database))
    kafka = AIOKafkaConsumer(bootstrap_servers=parts.broker.address)
    await kafka.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            first = await _sample(meter, database, kafka)
            while not first.consumed:
                await asyncio.sleep(SAMPLE_SECONDS)
                first = await _sample(meter, database, kafka)
            last = first
            while last.published < count:
                await asyncio.sleep(SAMPLE_SECONDS)
                last = await _sample(meter, database, kafka)
    finally:
        await kafka.stop()
        await database.close()
    return first, last


async def _sample(meter: Meter, database: asyncpg.Connection, kafka: AIOKafkaConsumer) -> Sample:
    return Sample(
        at=time.perf_counter(),
        consumed=await database.fetchval(_CONSUMED),
        published=await records_in(kafka, POINTS),
        cpu=meter.read(),
    )


def main() -> bool:
    with running("points") as parts:
        say(f"filling {BILLING.name} with {BILLS} bills")
        asyncio.run(fill(parts.broker.address, bills(BILLS, at=datetime.now(UTC))))
        say("posting")
        first, last = asyncio.run(follow(parts, BILLS))
    cpu = used(first.cpu, last.cpu)
    posted = BILLS - first.consumed
    return print_figure(
        "points.bills_through_kafka.rate",
        posted / cpu.worker,
        "bills posted and published per CPU-second of the worker",
        target=TARGET,
        same_run={
            "bills_per_second": posted / (last.at - first.at),
            "bills_per_cpu_second_of_all_parts": posted
            / (cpu.worker + cpu.broker + cpu.postgresql),
        },
        cpu=cpu,
    )


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
