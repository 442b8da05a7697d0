"""The doorway in: a worker is a table of handlers, this module runs it (architecture §5).

Faust is behind this module and shared/transport.py alone.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from aiokafka.errors import KafkaError

from shared import telemetry
from shared.batch_transaction import Each, Handlers, Run
from shared.batches import Batch
from shared.clock import ClockFollower, NoClock
from shared.consumption import Consumption
from shared.database import RELAY_POOL, WORKER_POOL, create_engine
from shared.dead_letter_limit import DeadLetterLimit
from shared.events import catalogue
from shared.faults import is_worlds_fault
from shared.fold import Fold
from shared.health import serve_health
from shared.lane import Doorway
from shared.logging import configure_logging, get_logger
from shared.outbox import waker_of
from shared.partition_watch import watch_partitions
from shared.poller import Poller, run_pollers
from shared.relay import WrongServer, run_relay
from shared.revision import SchemaMismatch, SchemaRange, require_revision
from shared.transport import BatchApp

__all__ = ["Each", "Handlers", "Run", "WorkerSettings", "run_worker"]

UNREADY_SECONDS = 15  # without a poll
WATCHDOG_SECONDS = 30  # without a poll, while no batch waits for PostgreSQL
STOP_SECONDS = 12  # a stop with the broker away never ends by itself

CRASH, BUG, WATCHDOG, STOP_LIMIT, CONFIGURATION = 1, 70, 71, 72, 78

log = get_logger(__name__)

# A batch holds some ten thousand objects for a moment, which the collector's own thresholds take
# for garbage to be looked for through all that was imported: a third of what a backlog cost.
COLLECT_AFTER = (20_000, 20, 20)

# The group protocol notices a dead member after 10 s; every number here was measured against
# Faust 0.15.3 on Kafka 4.3.1 (docs/decisions/0001).
FAUST_SETTINGS = {
    "store": "memory://",
    "web_enabled": False,
    "topic_disable_leader": True,
    "topic_allow_declare": False,
    "stream_wait_empty": False,
    "broker_session_timeout": 10.0,
    "broker_heartbeat_interval": 2.0,
    "broker_rebalance_timeout": 20.0,
    "broker_request_timeout": 20.0,
    # Backlogs wait for PostgreSQL as long as it takes; our watchdog is the limit, not this one.
    "broker_max_poll_interval": 86_400.0,
    "consumer_auto_offset_reset": "none",
    # Of one partition; of all together shared/transport.py sets a limit.
    "consumer_max_fetch_size": 2**21,
}


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is told by its wiring."""

    service: str
    kafka: str
    database_url: str
    health_port: int
    schema: SchemaRange
    health_host: str = "127.0.0.1"


def run_worker(
    settings: WorkerSettings,
    handlers: Handlers,
    pollers: Sequence[Poller] = (),
    folds: Sequence[Fold] = (),
) -> None:
    """Run until SIGTERM or a reason to end; the exit code says which (module constants)."""
    configure_logging(service=settings.service, process="worker")
    telemetry.process_started(service=settings.service, process="worker")
    asyncio.run(_run(settings, handlers, pollers, folds))


async def _run(
    settings: WorkerSettings,
    handlers: Handlers,
    pollers: Sequence[Poller],
    folds: Sequence[Fold],
) -> None:
    # Faust binds to the loop that runs while the app is made, so it is made in here.
    await _Worker(settings, handlers, pollers, folds).run()


def stop_process(code: int, message: str) -> NoReturn:
    """End at once: positions are in PostgreSQL, so there is nothing to save."""
    log.critical("worker_stops", code=code, reason=message)
    sys.__stderr__.write(f"holdfast: {message}\n") if sys.__stderr__ else None
    sys.stdout.flush()
    os._exit(code)


def _spare_the_collector() -> None:
    """What is there by now stays for ever: it need not be looked through again and again."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


class _Worker:
    def __init__(
        self,
        settings: WorkerSettings,
        handlers: Handlers,
        pollers: Sequence[Poller],
        folds: Sequence[Fold],
    ) -> None:
        self._settings = settings
        self._pollers = pollers
        name = f"holdfast-{settings.service}"
        self._engine = create_engine(
            settings.database_url, application=f"{name}-worker", pool_size=WORKER_POOL
        )
        self._relay_engine = create_engine(
            settings.database_url, application=f"{name}-relay", pool_size=RELAY_POOL
        )
        self._clock = ClockFollower(self._engine)
        self._door = Doorway(
            service=settings.service,
            engine=self._engine,
            handlers=handlers,
            clock=lambda: self._clock.clock,
            limit=DeadLetterLimit(),
            rewind=self._rewind,
            stop=stop_process,
            folds={fold.topic: fold for fold in folds},
        )
        topics = catalogue.topics_read_by(settings.service)
        self._consumption = Consumption(
            self._door,
            kafka=settings.kafka,
            owner=f"{socket.gethostname()}/{os.getpid()}",
            compacted=frozenset(topic.name for topic in topics if topic.compacted),
        )
        self._app = BatchApp(name, kafka=settings.kafka, source=self._consumption, **FAUST_SETTINGS)
        self._subscribe(sorted(topic.name for topic in topics))
        self._stopping = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self._hints: asyncio.Task[None] | None = None

    def _subscribe(self, topics: list[str]) -> None:
        batches = self._app.topic(*topics, acks=False, key_serializer="raw", value_serializer="raw")

        @self._app.agent(batches, name=f"{self._settings.service}-lanes")
        async def deliver(stream: AsyncIterator[Batch]) -> None:  # pyright: ignore[reportUnusedFunction] - Faust's registry holds it.
            async for batch in stream:
                await self._consumption.deliver(batch)

        self._app.on_partitions_revoked.connect(self._consumption.revoke)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._begin_stop)
        try:
            await require_revision(self._engine, self._settings.schema)
            await self._clock.start()
        except (SchemaMismatch, NoClock) as misfit:
            stop_process(CONFIGURATION, str(misfit))
        self._spawn(self._watchdog())
        self._spawn(self._health())
        self._spawn(
            run_relay(
                self._relay_engine,
                self._settings.kafka,
                waker=waker_of(self._engine),
                stop=self._stopping,
            )
        )
        self._spawn(run_pollers(self._pollers, self._engine, self._clock, stop=self._stopping))
        self._spawn(watch_partitions(self._engine, stop=self._stopping))
        self._spawn(self._start_consuming())
        await self._stopping.wait()
        if self._hints is not None:
            self._hints.cancel()  # it speaks to the consumer's thread, which ends first
        await self._app.stop()
        await self._consumption.close()
        await self._clock.stop()
        await self._engine.dispose()
        await self._relay_engine.dispose()
        log.info("worker_stopped")
        os._exit(0)

    def _health(self) -> Coroutine[Any, Any, None]:
        told = self._settings
        return serve_health(told.health_port, ready=self._ready, host=told.health_host)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._on_background_end)
        return task

    def _on_background_end(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, WrongServer):
                stop_process(CONFIGURATION, str(error))
            log.error("background_task_failed", exc_info=error)
            # A start while the broker is away ends, to be started again; there is no bug in that.
            world = isinstance(error, KafkaError) or is_worlds_fault(error)
            stop_process(CRASH if world else BUG, f"{type(error).__name__}: {error}")

    async def _start_consuming(self) -> None:
        await self._app.start()
        _spare_the_collector()
        self._hints = self._spawn(self._consumption.hint_forever(self._app.batches))
        self._spawn(self._consumption.watch_requests())

    def _rewind(self, reason: str) -> None:
        self._spawn(self._app.batches.rewind(reason))

    def _begin_stop(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        limit = threading.Timer(STOP_SECONDS, stop_process, (STOP_LIMIT, "the stop took too long"))
        limit.daemon = True
        limit.start()

    def _seconds_since_poll(self) -> float:
        return time.monotonic() - self._app.batches.polled_at

    def _ready(self) -> bool:
        """Assigned, claimed and polling: consumption, not the loop (which is liveness).

        A member of the group that was given no partition is ready to be given some.
        """
        claimed = bool(self._app.batches.claims) or self._app.unassigned
        consuming = claimed and self._app.batches.flow_active and not self._app.rebalancing
        return consuming and self._seconds_since_poll() < UNREADY_SECONDS

    async def _watchdog(self) -> None:
        """End the process when it lives without consuming; its partitions then move on."""
        while True:
            await asyncio.sleep(1)
            telemetry.SECONDS_SINCE_POLL.set(self._seconds_since_poll())
            telemetry.READY.set(self._ready())
            self._consumption.report_lag(self._app.batches)
            if self._app.crash_reason is not None:
                stop_process(CRASH, f"Faust stopped: {self._app.crash_reason!r}")
            if self._stopping.is_set():
                continue
            if (parked := self._app.batches.parked_error()) is not None:
                stop_process(WATCHDOG, f"the group's coordination stopped: {parked}")
            waiting = self._door.waiting_for_database
            if self._seconds_since_poll() > WATCHDOG_SECONDS and not waiting:
                stop_process(WATCHDOG, f"no poll for {WATCHDOG_SECONDS} s")
