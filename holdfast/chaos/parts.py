"""The parts of a run, each under its hand: broker, PostgreSQL, and workers it may kill."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from holdfast import roles, topics
from holdfast.chaos.history import SelfEnded
from holdfast.stack import jars, kafka
from holdfast.stack.class_archive import archive_of
from holdfast.stack.kafka import Broker, random_id
from holdfast.stack.ports import answers, free_ports
from holdfast.stack.postgres import Postgres
from holdfast.stack.process import ProcessId, wait_until
from shared.migrations.runner import upgrade

SERVICE = "points"
WORKER = "services.points.worker"
ALERTS_WORKER = "services.alerts.worker"
STOP_SECONDS = 15.0
# Of kafka.READY_SECONDS each: one that was killed reads its logs again before it answers.
BROKER_WAITS = 3
LOG_LINES = 4  # of a worker that ended
RESTART_SECONDS = 0.5  # the supervisor's first back-off
CONFIGURATION = 78  # a worker that ends so must not be started again

_CLOCK = """
INSERT INTO holdfast.clock_segment
VALUES (clock_timestamp() - interval '1 day', clock_timestamp() - interval '1 day', 1)
"""


class PartFailed(Exception):  # noqa: N818 - the message says what to look at.
    """A part ended for good, or does not do what it must."""


@dataclass
class Worker:
    """A worker process; `wanted` False means that its end is what the run asked for."""

    number: int
    module: str
    process: subprocess.Popen[bytes]
    log: Path
    health_port: int
    wanted: bool = True
    frozen: bool = False

    @property
    def service(self) -> str:
        """Whose it is; a worker with a bug on purpose is one of points."""
        return "alerts" if self.module == ALERTS_WORKER else SERVICE

    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def reason(self) -> str:
        """What a worker that ended by itself said last, in its one plain line."""
        lines = self.log.read_text(errors="replace").splitlines()
        said = [line for line in lines if line.startswith("holdfast: ")]
        return (said or lines or [""])[-1].removeprefix("holdfast: ")

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def stop(self) -> None:
        """SIGTERM, as a rolling update does; the limit is the worker's own."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class Parts:
    """Everything under one folder; `proxied` workers reach the servers through the proxy.

    `beside` are other services on the same servers; their roles are made with those of `service`.
    """

    folder: Path
    broker: Broker
    postgres: Postgres
    kafka_behind: int
    kafka_proxy: int
    postgres_proxy: int
    passwords: dict[str, str]
    proxied: bool = False
    service: str = SERVICE
    beside: tuple[str, ...] = ()
    database: str = "holdfast"
    broker_process: ProcessId | None = None
    postgres_process: ProcessId | None = None
    workers: list[Worker] = field(default_factory=list[Worker])
    self_ended: list[SelfEnded] = field(default_factory=list[SelfEnded])

    @classmethod
    def in_folder(
        cls, folder: Path, *, proxied: bool, service: str = SERVICE, beside: tuple[str, ...] = ()
    ) -> "Parts":
        port, behind, proxy, controller, database, database_proxy = free_ports(6)
        return cls(
            folder=folder,
            broker=one_broker(folder / "kafka", (port, controller), proxied=(behind, proxy)),
            postgres=Postgres(folder / "postgres", database),
            kafka_behind=behind,
            kafka_proxy=proxy,
            postgres_proxy=database_proxy,
            passwords={
                f"{name}_{kind}": secrets.token_urlsafe(12)
                for name in (service, *beside)
                for kind in roles.KINDS
            },
            proxied=proxied,
            service=service,
            beside=beside,
        )

    def start_servers(self) -> None:
        self.folder.chmod(0o711)  # PostgreSQL may run as another user and must walk through.
        self.start_broker()
        self.start_postgres()
        with topics.cluster(self.broker.address) as client:
            topics.create_missing(client)
        asyncio.run(self.prepare_database("holdfast"))

    def start_broker(self) -> None:
        self.broker_process = self.broker.start()
        for attempt in range(BROKER_WAITS):
            try:
                kafka.wait_ready([(self.broker, self.broker_process)])
            except kafka.KafkaFailed:
                if attempt + 1 == BROKER_WAITS or not self.broker_process.alive():
                    raise
            else:
                return

    def start_postgres(self) -> None:
        self.postgres_process = self.postgres.start()
        self.postgres.wait_ready(self.postgres_process)

    def kill_broker(self) -> None:
        _kill(self.broker_process, self.broker.port)

    def kill_postgres(self) -> None:
        """Postmaster and children at once, as when the machine loses its power."""
        _kill(self.postgres_process, self.postgres.port)

    async def prepare_database(self, database: str) -> None:
        """Roles, schema and clock; another name than `holdfast` makes a database of its own."""
        if database != "holdfast":
            connection = await asyncpg.connect(self.postgres.address.url())
            await connection.execute(f"CREATE DATABASE {database}")
            await connection.close()
        url = self.postgres.address.url(database=database)
        services = (self.service, *self.beside)
        await roles.bootstrap(url, self.passwords, services)
        connection = await asyncpg.connect(url)
        await connection.execute(_CLOCK)
        await connection.close()
        for service in services:
            role_url = self.role_url("migrate", database, service)
            await asyncio.to_thread(upgrade, service, role_url)

    def role_url(self, kind: str, database: str | None = None, service: str | None = None) -> str:
        role = f"{service or self.service}_{kind}"
        return self.postgres.address.url(
            user=role, password=self.passwords[role], database=database or self.database
        )

    def _environment(self, health_port: int) -> dict[str, str]:
        port = self.kafka_proxy if self.proxied else self.broker.port
        checkpoints = self.folder / "checkpoints"
        checkpoints.mkdir(exist_ok=True)
        urls = {
            f"HOLDFAST_{service.upper()}_WORKER_DATABASE_URL": self._worker_url(service)
            for service in (self.service, *self.beside)
        }
        return (
            os.environ
            | urls
            | {
                "HOLDFAST_KAFKA": f"127.0.0.1:{port}",
                "HOLDFAST_CHECKPOINTS": checkpoints.as_uri(),
                "HOLDFAST_HEALTH_PORT": str(health_port),
            }
        )

    def _worker_url(self, service: str) -> str:
        url = self.role_url("worker", service=service)
        if self.proxied:
            url = url.replace(f":{self.postgres.port}/", f":{self.postgres_proxy}/")
        return url

    def start_worker(self, module: str = WORKER) -> Worker:
        number = len(self.workers)
        log = self.folder / f"worker-{number}.log"
        (health_port,) = free_ports(1)
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(health_port),
                start_new_session=True,
            )
        worker = Worker(number, module, process, log, health_port)
        self.workers.append(worker)
        return worker

    @property
    def running(self) -> list[Worker]:
        """Workers that work: neither ended nor frozen."""
        return [w for w in self.workers if w.wanted and not w.frozen and w.alive()]

    async def keep(self) -> None:
        """Do as the supervisor does: start again what ended by itself, unless it said 78.

        Raises:
            PartFailed: a worker stopped for a reason that a restart does not mend.
        """
        while True:
            for worker in [w for w in self.workers if w.wanted and not w.alive()]:
                worker.wanted = False
                code = worker.process.returncode
                if code == CONFIGURATION:
                    raise PartFailed(
                        f"worker {worker.number} ended with 78; {worker.log} ends:\n"
                        f"{worker.last_words()}"
                    )
                self.self_ended.append(SelfEnded(worker.number, code, worker.reason()))
                await asyncio.sleep(RESTART_SECONDS)
                self.start_worker(worker.module)
            await asyncio.sleep(0.2)

    def stop_workers(self) -> None:
        for worker in self.workers:
            worker.wanted = False
        for worker in self.workers:
            if worker.alive():
                worker.stop()

    def stop(self) -> None:
        """End every process of the run, whatever state it is in."""
        self.stop_workers()
        if self.postgres_process is not None:
            Postgres.stop(self.postgres_process)
        if self.broker_process is not None:
            self.broker_process.stop()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def one_broker(
    folder: Path, ports: tuple[int, int], *, proxied: tuple[int, int] | None = None
) -> Broker:
    """A broker of a run's own, at `ports` (clients, controller); a killed one is back in 2 s."""
    port, controller = ports
    return Broker(
        folder=folder,
        node=1,
        port=port,
        controller=controller,
        class_path=jars.class_path(),
        cluster=random_id(),
        peers=((1, controller, random_id()),),
        archive=archive_of(1),
        session_ms=2_000,
        proxied=proxied,
    )


def _kill(part: ProcessId | None, port: int) -> None:
    """SIGKILL a process and its children; back when nobody answers at its port any more."""
    if part is None or not part.alive():
        return
    parent = psutil.Process(part.pid)
    for process in [parent, *parent.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    if not wait_until(lambda: not answers("127.0.0.1", port), STOP_SECONDS):
        raise PartFailed(f"process {part.pid} was killed, and port {port} still answers")
