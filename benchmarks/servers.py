"""The servers of a bench: started for it, their CPU counted by part, gone afterwards."""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import psutil
from figures import Cpu

from holdfast.chaos.parts import Parts, Worker


def open_folder() -> Path:
    """As root, the server runs as a user who must be able to enter."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    folder.chmod(0o755)
    return folder


def cpu_seconds(pid: int) -> float:
    """CPU of a process, its present children, and those that ended and were waited for."""
    parent = psutil.Process(pid)
    total = 0.0
    for process in [parent, *parent.children(recursive=True)]:
        # One that ends while we look is counted by whoever waited for it.
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


@contextlib.contextmanager
def running(service: str) -> Generator[Parts]:
    """A broker with the catalogue's topics and a PostgreSQL with the service's schema."""
    # A new topic's leaders are not there at once; the client says so for each, and tries again.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    folder = open_folder()
    parts = Parts.in_folder(folder, proxied=False, service=service)
    try:
        parts.start_servers()
        yield parts
    finally:
        parts.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Meter:
    """What a worker and its servers have used so far."""

    parts: Parts
    worker: Worker

    def read(self) -> Cpu:
        broker, postgres = self.parts.broker_process, self.parts.postgres_process
        return Cpu(
            worker=cpu_seconds(self.worker.process.pid),
            broker=cpu_seconds(broker.pid) if broker else 0,
            postgresql=cpu_seconds(postgres.pid) if postgres else 0,
        )


def used(before: Cpu, after: Cpu) -> Cpu:
    return Cpu(
        worker=after.worker - before.worker,
        broker=after.broker - before.broker,
        postgresql=after.postgresql - before.postgresql,
    )
