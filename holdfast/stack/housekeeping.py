"""`holdfast maintain` for the local stack, daily by machine time; elsewhere it is a cron job."""

import contextlib
import os
import sys
import time

from holdfast.stack.process import ProcessId, spawn
from holdfast.stack.state import StackState

EVERY_SECONDS = 86_400.0


class Housekeeping:
    """Starts it when it is due; `up` has done it once before the supervisor began."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        self._due = time.monotonic() + EVERY_SECONDS
        self._at_work: ProcessId | None = None

    def look(self) -> None:
        """Start it if it is due, and take note of its end."""
        if self._at_work is not None:
            with contextlib.suppress(ChildProcessError):  # somebody else's child after an adoption
                os.waitpid(self._at_work.pid, os.WNOHANG)
            self._at_work = self._at_work if self._at_work.alive() else None
        if not self._state.has_database or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVERY_SECONDS
        with contextlib.suppress(OSError):  # no room, no process: tomorrow is another day
            self._at_work = spawn(
                [sys.executable, "-m", "holdfast", "maintain"],
                log=self._state.folder / "logs" / "maintain.log",
                env={**os.environ, "HOLDFAST_HOME": self._state.home},
            )

    def stop(self) -> None:
        if self._at_work is not None:
            self._at_work.stop()
