"""The command line lists itself at once, and every command shows how it is typed."""

import inspect
import subprocess
import sys

import pytest
from typer import Typer
from typer.main import get_command

from holdfast.cli import COMMANDS, build, outline

PROGRAM = """
import sys
from typer.testing import CliRunner
from holdfast.cli import outline
assert CliRunner().invoke(outline(), ["--help"]).exit_code == 0
print(*sys.modules)
"""


def first_lines(app: Typer) -> dict[str, str]:
    commands = getattr(get_command(app), "commands")  # noqa: B009 - typer does not type its groups.
    return {name: inspect.cleandoc(c.help or "").splitlines()[0] for name, c in commands.items()}


def test_the_list_of_commands_is_what_the_commands_say_of_themselves() -> None:
    assert first_lines(outline()) == first_lines(build(None))
    assert list(first_lines(outline())) == list(COMMANDS)


def test_the_list_of_commands_imports_none_of_them() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    loaded = set(ran.stdout.split())
    assert "typer" in loaded
    assert loaded.isdisjoint({"sqlalchemy", "kafka", "faust", "holdfast.commands.stack"})


@pytest.mark.parametrize("name", ["up", "down", "status", "restart", "logs", "doctor"])
def test_a_command_of_the_stack_shows_an_example(name: str) -> None:
    command = getattr(get_command(build(name)), "commands")[name]  # noqa: B009

    assert f"Example: holdfast {name}" in command.help
