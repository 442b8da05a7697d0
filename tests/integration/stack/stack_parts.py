"""A local stack in the hands of somebody who types."""

import json
import os
import subprocess
import sys
from pathlib import Path

from holdfast.stack.process import ProcessId, wait_until
from holdfast.stack.state import StackState, load

RESTART_SECONDS = 30
MENDED_SECONDS = 60


class Stack:
    """The command line, with a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._execute([sys.executable, "-m", "holdfast", *arguments])

    def type(self, line: str) -> subprocess.CompletedProcess[str]:
        """What somebody with the virtual environment on their path types into a shell."""
        return self._execute(["sh", "-c", line])

    def _execute(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            command,
            env={**os.environ, "HOLDFAST_HOME": str(self.home), "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @property
    def state(self) -> StackState:
        state = load(self.home)
        assert state is not None
        return state

    def process(self, part: str) -> ProcessId:
        return self.state.part(part).process

    def status(self) -> dict[str, str]:
        rows = json.loads(self.run("status", "--json").stdout)
        return {row["part"]: row["state"] for row in rows}

    def all_ready(self) -> bool:
        return set(self.status().values()) == {"ready", "running"}

    def doctor(self, *options: str) -> list[dict[str, str]]:
        """What `holdfast doctor` finds."""
        ran = self.run("doctor", "--json", *options)
        assert ran.returncode in (0, 1), ran.stderr
        return json.loads(ran.stdout)

    def finding(self, part: str) -> dict[str, str]:
        """What it finds about one part, as soon as it does."""
        found: list[dict[str, str]] = []

        def is_found() -> bool:
            found[:] = [finding for finding in self.doctor() if finding["part"] == part]
            return bool(found)

        assert wait_until(is_found, RESTART_SECONDS), self.run("status").stdout
        return found[0]

    def is_mended_by_what_the_doctor_says(self) -> None:
        """Type each line once; then nothing is left."""
        lines = dict.fromkeys(finding["remedy"] for finding in self.doctor())
        for line in lines:
            ran = self.type(line)
            assert ran.returncode == 0, f"{line}: {ran.stderr}{ran.stdout}"
        last: list[dict[str, str]] = []

        def is_well() -> bool:
            last[:] = self.doctor()
            return not last

        assert wait_until(is_well, MENDED_SECONDS), f"{list(lines)} left {last}"
