"""`up` and `down`: from nothing to a running stack, step by step, and back."""

import asyncio
import contextlib
import fcntl
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from holdfast import organisation, roles, topics
from holdfast.maintenance import maintain_at
from holdfast.ready_users import write_ready_users
from holdfast.stack import kafka, parts
from holdfast.stack.parts import Part
from holdfast.stack.ports import free_ports
from holdfast.stack.process import ProcessId, running, spawn, wait_until
from holdfast.stack.readiness import ready
from holdfast.stack.state import (
    KINDS_OF_PARTS,
    SERVICES,
    StackState,
    begin,
    load,
    renew_taken_ports,
)
from holdfast.stack.supervisor import SUPERVISOR
from holdfast.tokens import ensure_issuer
from shared import clock
from shared.migrations.runner import upgrade

READY_SECONDS = 60.0
ANSWER_SECONDS = 5.0  # for the clock's one row; a server that hangs must not hold `down`
DATABASE_FAULTS = (OSError, SQLAlchemyError, asyncpg.PostgresError)

Say = Callable[[str], None]


class UpFailed(Exception):  # noqa: N818 - the message says what to do.
    """The stack did not come up, or not down; the message says what to do."""


@dataclass(frozen=True)
class Wishes:
    """What the caller of `up` asked for."""

    home: Path
    brokers: int = 1
    kafka: str = ""
    database: str = ""
    kafka_jars: Path | None = None
    rate: float = 1.0
    only: tuple[str, ...] = KINDS_OF_PARTS
    begin: datetime | None = None
    """Where business time begins in a new stack; the machine's time if left out."""


@dataclass
class Timings:
    """Seconds of each step, in order (`--timings`); `say` hears of each as it begins."""

    say: Say
    steps: dict[str, float] = field(default_factory=dict[str, float])

    @contextlib.contextmanager
    def step(self, name: str) -> Generator[None]:
        self.say(name)
        began = time.monotonic()
        yield
        self.steps[name] = round(time.monotonic() - began, 2)


def is_up(state: StackState | None) -> bool:
    return state is not None and state.part(SUPERVISOR).alive()


@contextlib.contextmanager
def alone(home: Path) -> Generator[None]:
    """One `up` or `down` at a time; the lock dies with its process.

    Raises:
        UpFailed: another one is at work.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UpFailed(
                f"another `holdfast up` or `down` is at work in {home}: wait until it ends"
            ) from error
        yield


def up(wishes: Wishes, timings: Timings) -> StackState:
    """Bring everything up and wait until it is ready; what still runs is adopted.

    Raises:
        UpFailed, KafkaFailed, PostgresFailed, NoJars, TopicsRefused: with what to do.
    """
    state = _state(wishes)
    with timings.step("Kafka and PostgreSQL"):
        _servers(state)
    if state.has_database:
        with timings.step("roles, migrations, clock"), _database_at_fault():
            _prepare_database(state, wishes)
    if state.has_kafka:
        with timings.step("topics"), topics.cluster(state.kafka) as client:
            topics.create_missing(client, state.copies)
    ensure_issuer(state.folder)
    write_ready_users(parts.ready_users_file(state))
    with timings.step("workers and web"):
        spawn(
            [sys.executable, "-m", "holdfast.stack.supervisor", state.home],
            log=state.folder / "logs" / "supervisor.log",
        )
        _wait_ready(state)
    return load(state.folder) or state


def _state(wishes: Wishes) -> StackState:
    names = [f"{service}_{kind}" for service in SERVICES for kind in roles.KINDS]
    state = load(wishes.home) or begin(wishes.home, brokers=wishes.brokers, roles=names)
    if wishes.brokers > len(state.kafka_ports):
        raise UpFailed(
            f"the stack in {wishes.home} was begun with {len(state.kafka_ports)} broker and keeps "
            f"to it: give --home another folder for {wishes.brokers}"
        )
    state.kafka_address = wishes.kafka
    state.database_url = wishes.database
    # Resolved, for a broker starts in a folder of its own.
    state.kafka_jars = str(wishes.kafka_jars.resolve()) if wishes.kafka_jars else ""
    state.only = list(wishes.only)
    state.smtp_port = state.smtp_port or free_ports(1)[0]  # a stack from before there was mail
    for part in state.parts.values():
        part.stopped_because = ""
    services = parts.services(state)
    missing = [part.name for part in services if not state.part(part.name).health_port]
    for name, port in zip(missing, free_ports(len(missing)), strict=True):
        state.part(name).health_port = port
    for part in (*parts.servers(state), *services):
        _adopt(state, part)
    if renew_taken_ports(state):
        for part in services:  # they know only the old addresses
            state.part(part.name).process.stop()
    _forget_others(state, {part.name for part in (*parts.servers(state), *services)})
    state.save()
    return state


def _forget_others(state: StackState, ours: set[str]) -> None:
    """A stack that takes servers of others has no such parts any more, unless they still run."""
    kept = {name: part for name, part in state.parts.items() if name in ours or part.alive()}
    state.parts = kept


def _adopt(state: StackState, part: Part) -> None:
    """Note a process whose starter died before it could; afterwards the file is the truth."""
    noted = state.part(part.name)
    found = None if noted.alive() else running(part.command, part.log)
    if found is not None:
        noted.pid, noted.started = found.pid, found.started


def _servers(state: StackState) -> None:
    """Start the brokers and PostgreSQL side by side, unless they run already."""
    started = {part.name: _started(state, part) for part in parts.servers(state)}
    if "postgres" in started:
        parts.postgres(state).wait_ready(started["postgres"])
    kafka.wait_ready([(b, started[parts.broker_name(b)]) for b in parts.brokers(state)])


def _started(state: StackState, part: Part) -> ProcessId:
    noted = state.part(part.name)
    if not noted.alive():
        process = part.start()
        noted.pid, noted.started = process.pid, process.started
        state.save()
    return noted.process


def _prepare_database(state: StackState, wishes: Wishes) -> None:
    asyncio.run(roles.bootstrap(parts.superuser_url(state), state.passwords, SERVICES))
    for service in SERVICES:
        url = parts.role_url(state, service, "migrate")
        upgrade(service, url)
        organisation.load_into(url)

    async def resume(connection: AsyncConnection) -> None:
        await clock.resume(connection, rate=wishes.rate, begin=wishes.begin)

    asyncio.run(_as_operator(state, resume))
    # Business time runs now, and the inbox is kept by its days.
    for service in SERVICES:
        asyncio.run(maintain_at(parts.role_url(state, service, "migrate"), service, dry=False))


@contextlib.contextmanager
def _database_at_fault() -> Generator[None]:
    try:
        yield
    except DATABASE_FAULTS as fault:
        raise UpFailed(f"the database refused: {fault}\nSee `holdfast doctor`.") from fault


async def _as_operator(
    state: StackState, act: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    url = make_url(parts.superuser_url(state)).set(drivername="postgresql+asyncpg")
    limits = {"timeout": ANSWER_SECONDS, "command_timeout": ANSWER_SECONDS}
    engine = create_async_engine(url, connect_args=limits)
    try:
        async with engine.begin() as connection:
            await act(connection)
    finally:
        await engine.dispose()


def _wait_ready(state: StackState) -> None:
    """Until the supervisor is at work, and worker and web process say so on their health ports."""
    if not wait_until(lambda: is_up(load(state.folder)), READY_SECONDS):
        raise UpFailed(f"no supervisor; read {state.folder}/logs/supervisor.log")
    for part in parts.services(state):
        port = state.part(part.name).health_port

        def settled(name: str = part.name, port: int = port) -> bool:
            return ready(port) or bool(_stands(state, name))

        if not wait_until(settled, READY_SECONDS):
            raise UpFailed(f"{part.name} is not ready; read {part.log} or type `holdfast doctor`")
        if reason := _stands(state, part.name):
            raise UpFailed(f"{part.name} stands: {reason}")


def _stands(state: StackState, name: str) -> str:
    """Why the supervisor does not start it again, as it noted in the file."""
    noted = load(state.folder)
    return noted.part(name).stopped_because if noted else ""


def down(state: StackState, say: Say) -> None:
    """Stop everything of this stack, and nothing else; business time stands still from then on."""
    say("workers and web")
    state.part(SUPERVISOR).process.stop()
    # Read again: until now the supervisor was the one who started and noted parts.
    state = load(state.folder) or state
    servers = [name for name in state.parts if name.startswith("kafka-")]
    others = [name for name in state.parts if name not in {*servers, "postgres", SUPERVISOR}]
    for name in others:
        state.part(name).process.send(signal.SIGTERM)
    for name in others:
        state.part(name).process.stop()
    say("clock")
    if state.database_url or state.part("postgres").alive():
        try:
            asyncio.run(_as_operator(state, clock.stop))
        except DATABASE_FAULTS as fault:
            say(f"business time runs on, the database does not answer ({fault})")
    say("Kafka and PostgreSQL")
    for name in servers:
        state.part(name).process.send(signal.SIGTERM)
    for name in servers:
        state.part(name).process.stop()
    state.part("postgres").process.stop(gracefully=signal.SIGINT)
    for part in state.parts.values():
        part.pid = 0
    with contextlib.suppress(OSError):  # a full disk: by their start times these pids are known
        state.save()
