"""`up` and `down`: from nothing to a running stack, step by step, and back."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from holdfast import roles, topics
from holdfast.stack import kafka, parts
from holdfast.stack.ports import free_ports
from holdfast.stack.process import ProcessId, spawn, wait_until
from holdfast.stack.state import SERVICES, StackState, begin, load
from holdfast.stack.supervisor import SUPERVISOR
from holdfast.tokens import ensure_issuer
from shared import clock
from shared.migrations.runner import upgrade

READY_SECONDS = 60.0
PROBE_SECONDS = 3.0  # a busy machine answers late; that is not the same as not at all

Say = Callable[[str], None]


class UpFailed(Exception):  # noqa: N818 - the message says what to do.
    """The stack did not come up."""


@dataclass(frozen=True)
class Wishes:
    """What the caller of `up` asked for."""

    home: Path
    brokers: int = 1
    kafka: str = ""
    database: str = ""
    kafka_jars: Path | None = None
    rate: float = 1.0


@dataclass
class Timings:
    """Seconds of each step, in order (`--timings`)."""

    steps: dict[str, float] = field(default_factory=dict[str, float])

    @contextlib.contextmanager
    def step(self, name: str, say: Say) -> Generator[None]:
        say(name)
        began = time.monotonic()
        yield
        self.steps[name] = round(time.monotonic() - began, 2)


def is_up(state: StackState | None) -> bool:
    return state is not None and state.part(SUPERVISOR).alive()


def up(wishes: Wishes, say: Say) -> tuple[StackState, Timings]:
    """Bring everything up and wait until it is ready; what still runs is adopted.

    Raises:
        UpFailed, KafkaFailed, PostgresFailed, NoJars: with what to do.
    """
    state = _state(wishes)
    timings = Timings()
    with timings.step("Kafka and PostgreSQL", say):
        _servers(state)
    with timings.step("roles and migrations", say):
        asyncio.run(roles.bootstrap(parts.superuser_url(state), state.passwords, SERVICES))
        for service in SERVICES:
            upgrade(service, parts.role_url(state, service, "migrate"))
    with timings.step("topics", say), topics.cluster(state.kafka) as client:
        topics.create_missing(client, len(state.kafka_ports) or None)
    with timings.step("clock and token issuer", say):
        asyncio.run(_on_clock(state, wishes.rate))
        ensure_issuer(state.folder)
    with timings.step("workers and web", say):
        _supervise(state)
        _wait_ready(state)
    fresh = load(state.folder)
    return fresh or state, timings


def _state(wishes: Wishes) -> StackState:
    names = [f"{service}_{kind}" for service in SERVICES for kind in roles.KINDS]
    state = load(wishes.home) or begin(wishes.home, brokers=wishes.brokers, roles=names)
    state.kafka_address = wishes.kafka
    state.database_url = wishes.database
    state.kafka_jars = str(wishes.kafka_jars or "")
    for part in state.parts.values():
        part.stopped_because = ""
    missing = [part.name for part in parts.kept_parts() if not state.part(part.name).health_port]
    for name, port in zip(missing, free_ports(len(missing)), strict=True):
        state.part(name).health_port = port
    state.save()
    return state


def _servers(state: StackState) -> None:
    """Start the brokers and PostgreSQL side by side, unless they run already."""
    running = [
        (broker, _started(state, parts.broker_name(broker), broker.start))
        for broker in parts.brokers(state)
    ]
    if not state.database_url:
        server = parts.postgres(state)
        server.wait_ready(_started(state, "postgres", server.start))
    kafka.wait_ready(running)


def _started(state: StackState, name: str, start: Callable[[], ProcessId]) -> ProcessId:
    part = state.part(name)
    if not part.alive():
        process = start()
        part.pid, part.started = process.pid, process.started
        state.save()
    return part.process


async def _on_clock(state: StackState, rate: float) -> None:
    async def resume(connection: AsyncConnection) -> None:
        await clock.resume(connection, rate=rate, begin=None)

    await _as_operator(state, resume)


async def _as_operator(state: StackState, act: Callable[[AsyncConnection], object]) -> None:
    url = make_url(parts.superuser_url(state)).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection, connection.begin():
            result = act(connection)
            if asyncio.iscoroutine(result):
                await result
    finally:
        await engine.dispose()


def _supervise(state: StackState) -> None:
    spawn(
        [sys.executable, "-m", "holdfast.stack.supervisor", state.home],
        log=state.folder / "logs" / "supervisor.log",
    )


def _wait_ready(state: StackState) -> None:
    """Until every worker and the web process say so on their health ports."""
    for part in parts.kept_parts():
        port = state.part(part.name).health_port
        if not wait_until(lambda port=port: ready(port), READY_SECONDS):
            log = part.log(state)
            raise UpFailed(f"{part.name} is not ready; read {log} or run `holdfast status`")


def ready(port: int) -> bool:
    """What a process answers on its health port."""
    try:
        answer = httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=PROBE_SECONDS)
    except httpx2.HTTPError:
        return False
    return answer.is_success


def down(state: StackState, say: Say) -> None:
    """Stop everything of this stack, and nothing else; business time stands still from then on."""
    say("workers and web")
    state.part(SUPERVISOR).process.stop()
    for part in parts.kept_parts():
        state.part(part.name).process.stop()
    say("clock")
    if state.database_url or state.part("postgres").alive():
        with contextlib.suppress(OSError):
            asyncio.run(_as_operator(state, clock.stop))
    say("Kafka and PostgreSQL")
    servers = [name for name in state.parts if name.startswith("kafka-")]
    for name in servers:
        state.part(name).process.send(signal.SIGTERM)
    for name in servers:
        state.part(name).process.stop()
    state.part("postgres").process.stop(gracefully=signal.SIGINT)
    for part in state.parts.values():
        part.pid = 0
    state.save()
