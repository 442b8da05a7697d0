"""The local stack as its users meet it: up, up again, broken in many ways, down."""

import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from stack_parts import RESTART_SECONDS, Stack

from holdfast.stack.class_archive import archive_of
from holdfast.stack.process import identify, wait_until
from holdfast.stack.state import SERVICES


@pytest.mark.requirement("XC-19")
@pytest.mark.timeout(180)
def test_up_brings_every_part_to_ready(stack: Stack) -> None:
    workers = {f"worker-{service}" for service in SERVICES}
    beside = {"identity", "mailbox", "kafka-1", "postgres", "supervisor", "web"}
    assert set(stack.status()) == beside | workers
    assert wait_until(stack.all_ready, RESTART_SECONDS), stack.status()


def test_a_second_up_says_that_it_is_up(stack: Stack) -> None:
    before = stack.state.parts
    again = stack.run("up")
    assert again.returncode == 0
    assert "it is up already" in again.stderr
    assert stack.state.parts == before


def test_secrets_are_nobody_elses_to_read(stack: Stack) -> None:
    assert (stack.home / "state.json").stat().st_mode & 0o077 == 0
    assert (stack.home / "issuer.key").stat().st_mode & 0o077 == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", ["worker-points", "web", "kafka-1", "postgres"])
def test_what_is_killed_comes_back(stack: Stack, part: str) -> None:
    killed = stack.process(part)
    killed.send(signal.SIGKILL)

    def is_back() -> bool:
        return stack.process(part).alive() and stack.process(part) != killed

    assert wait_until(is_back, RESTART_SECONDS), stack.run("status").stdout
    assert wait_until(stack.all_ready, RESTART_SECONDS * 2), stack.run("status").stdout


@pytest.mark.timeout(180)
def test_parts_outlive_their_supervisor_and_are_adopted(stack: Stack) -> None:
    worker = stack.process("worker-points")
    stack.process("supervisor").send(signal.SIGKILL)
    assert wait_until(lambda: stack.status()["supervisor"] == "away", RESTART_SECONDS)
    assert worker.alive()
    assert stack.run("up").returncode == 0
    assert stack.process("worker-points") == worker
    assert stack.status()["supervisor"] == "running"


@pytest.mark.timeout(180)
def test_down_spares_a_stranger_and_a_crash_blocks_nothing(stack: Stack) -> None:
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        assert stack.run("down").returncode == 0
        assert not [p for p in psutil.process_iter() if str(stack.home) in _command(p)]
        state = stack.state
        # After a crash of the machine a pid in the file may be anybody's.
        state.part("worker-points").pid = identify(stranger.pid).pid
        state.save()
        assert stack.run("down").returncode == 0
        assert stranger.poll() is None
        assert stack.run("up").returncode == 0
        assert wait_until(stack.all_ready, RESTART_SECONDS), stack.status()
        assert _reads_its_classes_from_the_archive(stack.process("kafka-1").pid)
    finally:
        stranger.kill()
        stranger.wait()


def _reads_its_classes_from_the_archive(broker: int) -> bool:
    """The stop before has left one, and this start has mapped it: a third of the work is gone."""
    mapped = {Path(region.path) for region in psutil.Process(broker).memory_maps()}
    return archive_of(1) in mapped


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
