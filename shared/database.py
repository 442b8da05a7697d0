"""The one way to PostgreSQL: bounded pools, and a unit of work committed at its edge."""

import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from pydantic import PostgresDsn
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared import outbox, telemetry
from shared.events.event import Event
from shared.tracing import Trace

WORKER_POOL = 4  # partition tasks of one worker share these connections
WEB_POOL = 5
RELAY_POOL = 1

# asyncpg must not wait for a server that has gone away longer than a request may take.
CONNECT_TIMEOUT_SECONDS = 5
COMMAND_TIMEOUT_SECONDS = 5


def create_engine(url: PostgresDsn | str, *, application: str, pool_size: int) -> AsyncEngine:
    """An engine for one role; search path and time limits are the role's (holdfast/roles.py)."""
    return create_async_engine(
        make_url(str(url)).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_SECONDS,
        pool_pre_ping=False,
        # An error's text goes to the log; the values of a statement may be persons.
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": COMMAND_TIMEOUT_SECONDS,
            "server_settings": {"application_name": application},
        },
    )


@dataclass(frozen=True)
class Mark:
    """How much a unit of work held at a savepoint."""

    leaving: int
    callbacks: int


@dataclass
class UnitOfWork:
    """One transaction and the facts that leave with it. Nobody but the edge commits."""

    connection: AsyncConnection
    traces: dict[str, Trace] = field(default_factory=dict[str, Trace])
    source: TopicPartition | None = None
    """Whose position moves with this transaction; None where no record is its cause."""
    _leaving: list[outbox.OutboxRecord] = field(default_factory=list[outbox.OutboxRecord])
    _after_commit: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def emit(self, event: Event) -> None:
        """Publish `event` if and only if this transaction commits."""
        trace = self.traces.get(event.cause_id) if event.cause_id else None
        self._leaving.append(outbox.record_of(event, trace))

    def emit_records(self, records: Iterable[outbox.OutboxRecord]) -> None:
        """Publish records that are no JSON facts (Arrow batches, control messages)."""
        self._leaving.extend(records)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` if and only if this transaction commits: what it counts happened once."""
        self._after_commit.append(callback)

    def mark(self) -> Mark:
        """Where this unit of work stands, for `forget_after`."""
        return Mark(len(self._leaving), len(self._after_commit))

    def forget_after(self, mark: Mark) -> None:
        """Take back what was emitted and asked for since: its savepoint was rolled back."""
        del self._leaving[mark.leaving :]
        del self._after_commit[mark.callbacks :]

    async def flush(self) -> None:
        """Write what leaves into the outbox, in the order of emission; called once, at the edge."""
        leaving, self._leaving = self._leaving, []
        if leaving:
            await outbox.insert(self.connection, leaving)

    def committed(self) -> None:
        """Run what waits for the commit, in order; called once, at the edge."""
        callbacks, self._after_commit = self._after_commit, []
        for callback in callbacks:
            callback()


@asynccontextmanager
async def unit_of_work(
    engine: AsyncEngine, *, organisation: str | None = None
) -> AsyncGenerator[UnitOfWork]:
    """Begin, hand out, flush, commit; roll back if the body raises.

    `organisation` is the caller's organisation code, without which row-level security raises on
    every table that branches see; workers have their own policy and pass none.
    """
    with _measured():
        async with engine.connect() as connection, connection.begin():
            uow = await _begun(connection, organisation)
            yield uow
            await uow.flush()
    outbox.wake(engine)
    uow.committed()


async def _begun(connection: AsyncConnection, organisation: str | None) -> UnitOfWork:
    if organisation is not None:
        await connection.execute(
            text("SELECT set_config('holdfast.organisation', :code, true)"),
            {"code": organisation},
        )
    return UnitOfWork(connection)


@contextmanager
def _measured() -> Generator[None]:
    started, outcome = time.monotonic(), "rolled_back"
    try:
        yield
        outcome = "committed"
    finally:
        taken = time.monotonic() - started
        telemetry.UNIT_OF_WORK_SECONDS.labels(outcome=outcome).observe(taken)
