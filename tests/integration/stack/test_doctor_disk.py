"""A full disk: found, and mended by moving the stack to where there is room."""

import os
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stack_parts import Stack

DISK_MB = 300
FULL_MB = 2


@contextmanager
def _a_small_disk() -> Generator[Path]:
    """A disk that really is full needs root to be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-disk-"))
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "none", str(folder)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk; the limit is tested without one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@pytest.mark.timeout(180)
def test_a_stack_on_a_full_disk_goes_on_where_there_is_room() -> None:
    with _a_small_disk() as disk, tempfile.TemporaryDirectory(prefix="holdfast-room-") as room:
        Path(room).chmod(0o755)
        stack = Stack(disk / "home")
        assert stack.run("up", "--only", "postgres").returncode == 0
        free = os.statvfs(disk)
        ballast = free.f_bavail * free.f_bsize - FULL_MB * 2**20
        (disk / "ballast").write_bytes(bytes(ballast))
        moved = Stack(Path(room) / "home")
        try:
            [found] = stack.doctor()
            assert found["part"] == "disk"
            assert "MB are free" in found["what"]

            typed = stack.type(found["remedy"].replace("DIR", str(moved.home)))

            assert typed.returncode == 0, typed.stderr
            assert moved.doctor() == []
        finally:
            stack.run("down")
            moved.run("down")


def test_the_room_that_is_needed_can_be_said(stack: Stack) -> None:
    [found] = stack.doctor("--room", str(2**40))
    assert found["part"] == "disk"
    assert found["remedy"].startswith(f"holdfast down; mv {stack.home} ")
