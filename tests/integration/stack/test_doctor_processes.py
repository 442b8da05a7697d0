"""Processes that are away, hang, or whose place a stranger took: found, and mended by typing."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Generator

import pytest
from stack_parts import MENDED_SECONDS, RESTART_SECONDS, Stack

from holdfast.stack.process import wait_until

pytestmark = pytest.mark.timeout(180)


def test_the_doctor_finds_nothing_wrong_with_a_stack_that_is_well(stack: Stack) -> None:
    said = stack.run("doctor")
    assert (said.returncode, said.stdout) == (0, "every part does its work\n"), said.stderr


def test_a_broker_that_hangs_is_started_again(stack: Stack) -> None:
    broker = stack.process("kafka-1")
    broker.send(signal.SIGSTOP)

    found = stack.finding("kafka-1")
    assert found["remedy"] == "holdfast restart kafka-1"

    stack.is_mended_by_what_the_doctor_says()
    # While it stops in good order it still answers, so the doctor may be content before the end.
    assert wait_until(lambda: stack.process("kafka-1") != broker, RESTART_SECONDS)
    assert wait_until(lambda: not stack.doctor(), MENDED_SECONDS)


def test_a_dead_postgresql_is_up_again(stack: Stack) -> None:
    _kill(stack, "supervisor", "postgres")

    found = stack.finding("postgres")
    assert (found["what"].startswith("is away"), found["remedy"]) == (True, "holdfast up")

    stack.is_mended_by_what_the_doctor_says()


def test_a_part_whose_port_a_stranger_took_gets_another(stack: Stack) -> None:
    port = stack.state.postgres_port
    _kill(stack, "supervisor", "postgres")
    with socket.create_server(("127.0.0.1", port)):
        found = stack.finding("postgres")
        assert f"its port {port} is taken by pid {os.getpid()}" in found["what"]

        stack.is_mended_by_what_the_doctor_says()
        assert stack.state.postgres_port != port


def test_a_pid_that_is_a_strangers_by_now_blocks_nothing_and_is_spared(stack: Stack) -> None:
    _kill(stack, "supervisor", "worker-points", "postgres")
    with _stranger() as stranger:
        state = stack.state
        state.part("worker-points").pid = stranger.pid
        state.save()
        pid_file = state.folder / "postgres" / "data" / "postmaster.pid"
        rest = pid_file.read_text().partition("\n")[2]
        pid_file.write_text(f"{stranger.pid}\n{rest}")

        found = stack.finding("worker-points")
        assert f"its pid {stranger.pid} belongs to another process" in found["what"]

        stack.is_mended_by_what_the_doctor_says()
        assert stranger.poll() is None


def _kill(stack: Stack, *names: str) -> None:
    for name in names:
        process = stack.process(name)
        process.send(signal.SIGKILL)
        assert wait_until(lambda process=process: not process.alive(), 10)


@contextlib.contextmanager
def _stranger() -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()
