"""Processes by identity: a pid alone may be a stranger's by the time one looks again."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

STOP_SECONDS = 15.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessId:
    """A pid together with the moment its process began."""

    pid: int
    started: float

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def send(self, number: int) -> None:
        """Signal it, if it is still the one we mean."""
        if self.alive():
            os.kill(self.pid, number)

    def stop(self, *, gracefully: int = signal.SIGTERM, seconds: float = STOP_SECONDS) -> None:
        """Ask, wait, then insist."""
        self.send(gracefully)
        if not wait_until(lambda: not self.alive(), seconds):
            self.send(signal.SIGKILL)
            wait_until(lambda: not self.alive(), seconds)


def identify(pid: int) -> ProcessId:
    """The identity of a running process.

    Raises:
        psutil.NoSuchProcess: it has already ended.
    """
    return ProcessId(pid, psutil.Process(pid).create_time())


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
) -> ProcessId:
    """Start a process of its own session, which outlives us, with its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        started = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            user=user,
            extra_groups=[] if user else None,
            cwd=cwd,
            start_new_session=True,
        )
    # Reaped by whoever is our parent once we are gone; until then `alive` knows a zombie.
    return identify(started.pid)


def wait_until(fact: Callable[[], bool], seconds: float) -> bool:
    """Wait for a fact with a deadline; whether it came true."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
