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
LOG_BYTES_MAX = 16 * 2**20  # then the next start begins a new file and keeps one old one
_LOG = "HOLDFAST_PROCESS_LOG"  # in a process's environment: by its log it is known again


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
        self.send(signal.SIGCONT)  # one that was frozen hears it, too
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
    """Start a process of its own session, which outlives us, with its output appended to `log`.

    One of the same command and log that runs already is the one: whoever started it may have died
    before it could note the pid.
    """
    already = running(command, log)
    if already is not None:
        return already
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as output:
        started = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**(os.environ if env is None else env), _LOG: str(log)},
            user=user,
            extra_groups=[] if user else None,
            cwd=cwd,
            start_new_session=True,
        )
    # Reaped by whoever is our parent once we are gone; until then `alive` knows a zombie.
    return identify(started.pid)


def running(command: Sequence[str], log: Path) -> ProcessId | None:
    """The process that `spawn` once started so, if it still runs."""
    for process in psutil.process_iter():
        try:
            if process.cmdline() == list(command) and process.environ().get(_LOG) == str(log):
                return ProcessId(process.pid, process.create_time())
        except psutil.Error:
            continue  # it ended while we looked, or is not ours to look at
    return None


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty if there is none."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def wait_until(fact: Callable[[], bool], seconds: float) -> bool:
    """Wait for a fact with a deadline; whether it came true."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
