"""The one detached process that keeps a stack's workers, web and servers running.

It restarts what ends, after 0.5 to 10 seconds; what ended with 78 (its configuration is wrong)
stands until `holdfast restart PART`. If it is killed itself, the parts run on and the next `up`
starts a supervisor that adopts them.
"""

import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.stack import parts
from holdfast.stack.housekeeping import Housekeeping
from holdfast.stack.kafka import KafkaFailed
from holdfast.stack.parts import Part
from holdfast.stack.postgres import PostgresFailed
from holdfast.stack.process import identify
from holdfast.stack.state import PartState, StackState, load

LOOK_SECONDS = 0.2
BACK_OFF_FIRST_SECONDS = 0.5
BACK_OFF_LAST_SECONDS = 10.0
STEADY_SECONDS = 30.0  # a part that ran this long starts again without delay
CONFIGURATION = 78
SUPERVISOR = "supervisor"
LAST_WORDS = "holdfast: "  # how a process says why it ends, on a line of its own


@dataclass
class _Kept:
    """A part and when it may start again."""

    part: Part
    not_before: float = 0.0
    failures: int = 0
    started_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """Watches the parts of one stack until it is told to stop."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        self._stopping = False
        self._unsaved = False
        self._kept = [_Kept(part) for part in (*parts.services(state), *parts.servers(state))]
        self._housekeeping = Housekeeping(state)

    def run(self) -> None:
        """Until SIGTERM; then workers and web are stopped, the servers are left to `down`."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            self._answer_requests()
            for kept in self._kept:
                self._look_after(kept)
            self._housekeeping.look()
            if self._unsaved:
                self._save()
            time.sleep(LOOK_SECONDS)
        self._housekeeping.stop()
        services = [self._state.part(part.name) for part in parts.services(self._state)]
        for service in reversed(services):
            service.process.send(signal.SIGTERM)
        for service in services:
            service.process.stop()

    def _save(self) -> None:
        """Note what changed; a full disk must not end the one who looks after everything."""
        try:
            self._state.save()
            self._unsaved = False
        except OSError:
            self._unsaved = True

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _look_after(self, kept: _Kept) -> None:
        part = self._state.part(kept.part.name)
        if part.stopped_because or time.monotonic() < kept.not_before:
            return
        if part.alive():
            return
        if part.pid and _reap(part.pid) == CONFIGURATION:
            part.stopped_because = last_words(kept.part.log)
            self._save()
            return
        if part.pid:
            self._delay(kept, part)
            if time.monotonic() < kept.not_before:
                return
        self._start(kept, part)

    def _delay(self, kept: _Kept, part: PartState) -> None:
        """It ended: count it, and let it start again after a while that grows."""
        part.pid = 0
        part.restarts += 1
        steady = time.monotonic() - kept.started_at > STEADY_SECONDS
        kept.failures = 0 if steady else kept.failures + 1
        wait = min(BACK_OFF_LAST_SECONDS, BACK_OFF_FIRST_SECONDS * 2.0 ** min(kept.failures, 6))
        kept.not_before = time.monotonic() + wait
        self._save()

    def _start(self, kept: _Kept, part: PartState) -> None:
        kept.started_at = time.monotonic()
        try:
            process = kept.part.start()
        except (OSError, PostgresFailed, KafkaFailed) as failure:
            with contextlib.suppress(OSError):
                print(f"{kept.part.name} did not start: {failure}", flush=True)
            self._delay(kept, part)
            return
        part.pid, part.started = process.pid, process.started
        self._save()

    def _answer_requests(self) -> None:
        """`holdfast restart PART` leaves a file of the part's name."""
        folder = self._state.folder / "restart"
        for request in sorted(folder.glob("*")) if folder.is_dir() else ():
            request.unlink(missing_ok=True)
            for kept in self._kept:
                if kept.part.name == request.name:
                    self._restart(kept)

    def _restart(self, kept: _Kept) -> None:
        part = self._state.part(kept.part.name)
        part.process.stop(gracefully=kept.part.stop_with)
        _reap(part.pid)
        part.pid, part.stopped_because = 0, ""
        kept.not_before, kept.failures = 0.0, 0
        self._start(kept, part)


def _reap(pid: int) -> int | None:
    """The exit code of a child that ended; None when it was not our child.

    It waits: a process whose main thread has ended looks dead a moment before its code is there,
    and a code that is missed would start again what must stand.
    """
    if pid <= 0:
        return None
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status)


def last_words(log: Path) -> str:
    """What the part said when it ended, for `status`."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    said = [line for line in lines if line.startswith(LAST_WORDS)]
    return said[-1].removeprefix(LAST_WORDS) if said else "it ended without a word; see its log"


def main(home: str) -> None:
    state = load(Path(home))
    if state is None:
        sys.exit(f"no stack in {home}: run `holdfast up`")
    me = identify(os.getpid())
    part = state.part(SUPERVISOR)
    part.pid, part.started = me.pid, me.started
    state.save()
    Supervisor(state).run()


if __name__ == "__main__":
    main(sys.argv[1])
