"""Bills into the ledger: our one statement a batch beside one transaction a bill, in the same run.

Both write the same rows: an entry, its lot's counters, the outbox row. Rounds are interleaved, so
that a neighbour's noise meets both; the median counts.
"""

import asyncio
import secrets
import shutil
import signal
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

import psutil
from bills import bills
from figures import Cpu, Target, print_figure, say
from servers import cpu_seconds, open_folder
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast.roles import KINDS, bootstrap
from holdfast.stack.ports import free_ports
from holdfast.stack.postgres import Postgres
from holdfast.stack.process import ProcessId
from services.points.handlers.on_bills_issued import earned, on_bills_issued
from services.points.ledger.posting import without_repeats
from services.points.store import lots, programmes
from shared.database import create_engine, unit_of_work
from shared.events.billing import BillIssued
from shared.migrations.runner import upgrade

ROUNDS = 5
BATCH = 1_000  # what a Run handler gets; research measured the knee here
BATCHES = 10  # of a round
SINGLES = 600  # of a round: some tenths of a second as well

AT = datetime(2026, 3, 1, tzinfo=UTC)

RATE_TARGET = Target(at_least=5_000)
ADVANTAGE_TARGET = Target(at_least=10)


@dataclass
class Measured:
    """One way to post: records a second, and what they cost."""

    rates: list[float] = field(default_factory=list[float])
    worker_cpu: float = 0.0
    postgres_cpu: float = 0.0
    records: int = 0

    @property
    def rate(self) -> float:
        """A second of the clock, which neighbours on the machine share."""
        return median(self.rates)

    @property
    def per_cpu_second(self) -> float:
        return self.records / self.worker_cpu

    @property
    def cpu_per_record(self) -> float:
        return (self.worker_cpu + self.postgres_cpu) / self.records


async def post_batches(engine: AsyncEngine, facts: Sequence[BillIssued]) -> None:
    """As the worker does it: a handler's run of bills, one transaction."""
    for start in range(0, len(facts), BATCH):
        async with unit_of_work(engine) as uow:
            await on_bills_issued(facts[start : start + BATCH], uow)


async def post_singly(engine: AsyncEngine, facts: Sequence[BillIssued]) -> None:
    """As most ledgers do it: one transaction a bill, through the same code."""
    for fact in facts:
        async with unit_of_work(engine) as uow:
            await on_bills_issued([fact], uow)


Way = Callable[[AsyncEngine, Sequence[BillIssued]], Awaitable[None]]


async def measure(
    way: Way, engine: AsyncEngine, facts: Sequence[BillIssued], server: ProcessId, into: Measured
) -> None:
    me = psutil.Process()
    ours, theirs = sum(me.cpu_times()[:2]), cpu_seconds(server.pid)
    began = time.perf_counter()
    await way(engine, facts)
    into.rates.append(len(facts) / (time.perf_counter() - began))
    into.worker_cpu += sum(me.cpu_times()[:2]) - ours
    into.postgres_cpu += cpu_seconds(server.pid) - theirs
    into.records += len(facts)


async def post_without_telling(engine: AsyncEngine, facts: Sequence[BillIssued]) -> None:
    """The statement alone: what the facts about it cost is the difference."""
    async with unit_of_work(engine) as uow:
        known = await programmes.read(uow.connection)
    for start in range(0, len(facts), BATCH):
        postings = [p for fact in facts[start : start + BATCH] if (p := earned(fact, known))]
        async with unit_of_work(engine) as uow:
            await lots.post(uow.connection, without_repeats(postings))


@asynccontextmanager
async def migrated_server() -> AsyncGenerator[tuple[ProcessId, str]]:
    """A fresh PostgreSQL with the points schema; the worker's URL."""
    folder = open_folder()
    postgres = Postgres(folder, free_ports(1)[0])
    process = postgres.start()
    try:
        postgres.wait_ready(process)
        passwords = {f"points_{kind}": secrets.token_urlsafe(12) for kind in KINDS}
        urls = {
            kind: postgres.address.url(user=f"points_{kind}", password=passwords[f"points_{kind}"])
            for kind in KINDS
        }
        await bootstrap(postgres.address.url(), passwords, ("points",))
        await asyncio.to_thread(upgrade, "points", urls["migrate"])
        yield process, urls["worker"]
    finally:
        process.stop(gracefully=signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


async def run() -> bool:
    batched, single, untold = Measured(), Measured(), Measured()
    async with migrated_server() as (server, url):
        engine = create_engine(url, application="bench", pool_size=1)
        await post_batches(engine, bills(BATCH, at=AT))  # connections, plans and caches are warm
        for number in range(1, ROUNDS + 1):
            say(f"round {number} of {ROUNDS}")
            await measure(post_batches, engine, bills(BATCH * BATCHES, at=AT), server, batched)
            await measure(post_singly, engine, bills(SINGLES, at=AT), server, single)
            await measure(
                post_without_telling, engine, bills(BATCH * BATCHES, at=AT), server, untold
            )
        await engine.dispose()
    return print_figures(batched, single, untold)


def print_figures(batched: Measured, single: Measured, untold: Measured) -> bool:
    cpu = Cpu(worker=batched.worker_cpu, broker=0, postgresql=batched.postgres_cpu)
    beside = {
        "batches_bills_per_second": batched.rate,
        "one_transaction_a_bill_bills_per_second": single.rate,
        "statement_without_facts_bills_per_second": untold.rate,
        "one_transaction_a_bill_per_cpu_second": single.per_cpu_second,
        "statement_without_facts_per_cpu_second": untold.per_cpu_second,
    }
    held = [
        print_figure(
            "points.posting.rate",
            batched.per_cpu_second,
            "bills posted and told per CPU-second of the worker",
            target=RATE_TARGET,
            same_run=beside,
            cpu=cpu,
        ),
        print_figure(
            "points.posting.advantage",
            single.cpu_per_record / batched.cpu_per_record,
            "times less CPU of worker and PostgreSQL than one transaction a bill",
            target=ADVANTAGE_TARGET,
            same_run=beside,
            cpu=cpu,
        ),
    ]
    return all(held)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run()) else 1)
