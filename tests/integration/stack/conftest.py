"""One local stack for all tests of the command line; each leaves it as it found it: up and well."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack_parts import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # Not pytest's own folder: as root the server runs as a user who may not enter it.
    home = Path(tempfile.mkdtemp(prefix="holdfast-stack-"))
    home.chmod(0o755)
    stack = Stack(home)
    came_up = stack.run("up", "--timings")
    assert came_up.returncode == 0, came_up.stderr
    yield stack
    stack.run("down")
    shutil.rmtree(home, ignore_errors=True)
