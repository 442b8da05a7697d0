"""What the checks of this folder look at: our own Python files, as `git` would list them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FOLDERS = ("holdfast", "services", "shared", "tests", "benchmarks")
SERVICES = ROOT / "services"
VENDORED = "vendor"
"""Folders of others' files, which stay as they came (holdfast/vendored.py)."""


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of ours that is in the tree or about to be added; ignored ones do not count."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    ours = (path for path in paths if path.is_file() and VENDORED not in path.parts)
    return tuple(sorted(ours))


@cache
def python_files() -> tuple[Path, ...]:
    folders = tuple(ROOT / folder for folder in PYTHON_FOLDERS)
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py" and any(path.is_relative_to(folder) for folder in folders)
    )


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def service_folders() -> tuple[Path, ...]:
    return tuple(sorted(path.parent for path in SERVICES.glob("*/__init__.py")))
