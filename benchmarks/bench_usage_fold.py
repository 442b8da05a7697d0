"""Usage through the doorway into the rows: a million customers, five rules, positions committed.

First everybody gets a row; then a worker that has these rows folds what waits in Kafka, in columns
and one by one, from the first position that moves: its start is no part of the figures. The fold
alone, without Kafka and PostgreSQL, stands beside.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import numpy as np
import psutil
from figures import Cpu, Target, print_figure, say
from servers import Meter, running, used
from traffic import producing
from usage import CUSTOMERS, Sent, customers, messages, once_each, one_by_one

from holdfast.chaos.parts import Parts
from services.alerts.engine.columns import from_table
from services.alerts.engine.partition import PartitionEngine
from services.alerts.engine.warm_up import warm_up
from shared.events import arrow
from shared.events.catalogue import USAGE
from shared.events.usage import UsageRecorded

WORKER = "services.alerts.worker"
MESSAGES = 1_000
SINGLES = 400_000
FEW = 100_000
PATIENCE_SECONDS = 300.0
SAMPLE_SECONDS = 0.1
TARGETS = {"json": Target(at_least=100_000), "columns": Target(at_least=2_000_000)}
RESIDENT_TARGET = Target(at_most=250)

_POSITIONS = f"""
    SELECT coalesce(sum(next_offset), 0)::bigint FROM alerts.position
    WHERE topic = '{USAGE.name}'
"""  # noqa: S608 - a constant of ours.


@dataclass(frozen=True)
class Measured:
    rows: int
    seconds: float
    cpu: Cpu

    @property
    def per_cpu_second(self) -> float:
        return self.rows / self.cpu.worker


async def send(kafka: str, records: Iterable[Sent]) -> tuple[int, int]:
    """How many messages were sent, and how many usage records were in them."""
    count = rows = 0
    async with producing(kafka, linger_ms=20) as producer:
        for sent in records:
            await producer.send(
                USAGE.name,
                sent.value,
                key=sent.key,
                partition=sent.partition,
                headers=sent.headers,
            )
            count, rows = count + 1, rows + sent.rows
        await producer.flush()
    return count, rows


@dataclass(frozen=True)
class Sample:
    at: float
    position: int
    cpu: Cpu


async def folding(parts: Parts, records: Iterable[Sent]) -> Measured:
    """What waits in Kafka when a worker starts, from the first position that moves to the last.

    Raises:
        ChildProcessError: the worker ended.
    """
    database = await asyncpg.connect(parts.postgres.address.url(database=parts.database))
    stands = await database.fetchval(_POSITIONS)
    count, rows = await send(parts.broker.address, records)
    worker = parts.start_worker(WORKER)
    meter = Meter(parts, worker)

    async def sample() -> Sample:
        await asyncio.sleep(SAMPLE_SECONDS)
        if not worker.alive():
            raise ChildProcessError(worker.last_words())
        position = await database.fetchval(_POSITIONS)
        return Sample(time.perf_counter(), position, meter.read())

    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            first = await sample()
            while first.position <= stands:
                first = await sample()
            last = first
            while last.position < stands + count:
                last = await sample()
    finally:
        await database.close()
    folded = rows * (last.position - first.position) // count
    return Measured(folded, last.at - first.at, used(first.cpu, last.cpu))


def fold_alone() -> float:
    """Records a CPU-second from a message's bytes into the rows, without any doorway."""
    warm_up()
    known = customers(CUSTOMERS // 8)
    engine = PartitionEngine()
    engine.rows.slots_of(known[0])
    values = [m.value for m in messages([known[0]] * 32, 100, datetime.now(UTC))]
    rows, began = 0, time.process_time()
    for value in values:
        records, doubtful = from_table(arrow.read_table(UsageRecorded, value))
        if np.any(doubtful):
            raise ValueError("the bench's own records are doubtful")
        engine.mark()
        engine.fold_usage(records)
        rows += len(records)
    return rows / (time.process_time() - began)


@dataclass(frozen=True)
class Found:
    few: Measured  # a hundred thousand rows are made
    columns: Measured
    singles: Measured
    resident_few: float  # MiB
    resident: float


async def through_the_doorway(parts: Parts) -> Found:
    """Everybody once; then, each with a worker that has these rows, columns and single records."""
    at = datetime.now(UTC) - timedelta(hours=1)
    known = customers()
    few = [ours[: len(ours) // (CUSTOMERS // FEW)] for ours in known]
    found: list[Measured] = []
    resident: list[float] = []
    for name, records in (
        ("a tenth of everybody", once_each(few, at)),
        ("everybody once", once_each(known, at)),
        ("columns", messages(known, MESSAGES, at)),
        ("one by one", one_by_one(known, SINGLES, at)),
    ):
        say(f"folding: {name}")
        found.append(await folding(parts, records))
        memory = psutil.Process(parts.workers[-1].process.pid).memory_info()
        resident.append(memory.rss / 2**20)
        parts.workers[-1].stop()
    return Found(found[0], found[2], found[3], resident[0], resident[-1])


def main() -> bool:
    alone = fold_alone()
    with tempfile.TemporaryDirectory(prefix="holdfast-rows-") as folder:
        os.environ["HOLDFAST_CHECKPOINTS"] = Path(folder).as_uri()
        with running("alerts") as parts:
            found = asyncio.run(through_the_doorway(parts))
    held = [
        print_figure(
            f"alerts.usage.{name}.rate",
            measured.per_cpu_second,
            "records folded per CPU-second of the worker, 1 M customers, 5 rules",
            target=TARGETS[name],
            same_run={
                "records_per_second": measured.rows / measured.seconds,
                "fold_alone_per_cpu_second": alone,
                "resident_mib_with_all_rows": found.resident,
            },
            cpu=measured.cpu,
        )
        for name, measured in (("columns", found.columns), ("json", found.singles))
    ]
    held.append(
        print_figure(
            "alerts.worker.resident",
            found.resident_few,
            f"MiB resident with the rows of {FEW} customers",
            target=RESIDENT_TARGET,
            same_run={"resident_mib_with_a_million": found.resident},
            cpu=found.few.cpu,
        )
    )
    return all(held)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
