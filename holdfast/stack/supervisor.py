"""The one detached process that keeps a stack's workers, web and servers running.

It restarts what ends, after 0.5 to 10 seconds; what ended with 78 (its configuration is wrong)
stands until `holdfast restart PART`. If it is killed itself, the parts run on and the next `up`
starts a supervisor that adopts them.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.stack import parts
from holdfast.stack.process import ProcessId, identify
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

    name: str
    start: Callable[[], ProcessId]
    log: Path
    not_before: float = 0.0
    failures: int = 0
    started_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """Watches the parts of one stack until it is told to stop."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        self._stopping = False
        self._kept = [
            _Kept(part.name, lambda part=part: part.start(state), part.log(state))
            for part in parts.kept_parts()
        ]
        if not state.kafka_address:
            self._kept += [
                _Kept(parts.broker_name(broker), broker.start, broker.log)
                for broker in parts.brokers(state)
            ]
        if not state.database_url:
            server = parts.postgres(state)
            self._kept.append(_Kept("postgres", server.start, server.log))

    def run(self) -> None:
        """Until SIGTERM; then workers and web are stopped, the servers are left to `down`."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            self._answer_requests()
            for kept in self._kept:
                self._look_after(kept)
            time.sleep(LOOK_SECONDS)
        for part in reversed(parts.kept_parts()):
            self._state.part(part.name).process.send(signal.SIGTERM)
        for part in parts.kept_parts():
            self._state.part(part.name).process.stop()

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _look_after(self, kept: _Kept) -> None:
        part = self._state.part(kept.name)
        if part.stopped_because or time.monotonic() < kept.not_before:
            return
        code = _reap(part.pid)
        if part.alive() and code is None:
            return
        if part.pid and code == CONFIGURATION:
            part.stopped_because = last_words(kept.log)
            self._state.save()
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
        self._state.save()

    def _start(self, kept: _Kept, part: PartState) -> None:
        process = kept.start()
        kept.started_at = time.monotonic()
        part.pid, part.started = process.pid, process.started
        self._state.save()

    def _answer_requests(self) -> None:
        """`holdfast restart PART` leaves a file of the part's name."""
        folder = self._state.folder / "restart"
        for request in sorted(folder.glob("*")) if folder.is_dir() else ():
            part = self._state.part(request.name)
            part.stopped_because = ""
            part.process.stop() if part.alive() else None
            part.pid = 0
            request.unlink(missing_ok=True)
            self._state.save()


def _reap(pid: int) -> int | None:
    """The exit code of a child that ended; None while it runs or when it is not our child."""
    if pid <= 0:
        return None
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if ended else None


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
