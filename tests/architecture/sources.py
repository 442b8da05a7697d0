"""What the checks of this folder look at: our own Python files, as `git` would list them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FOLDERS = ("holdfast", "services", "shared", "tests", "benchmarks")
SERVICES = ROOT / "services"


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is in the tree or about to be added: ignored ones are nobody's business."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def python_files() -> tuple[Path, ...]:
    folders = tuple(ROOT / folder for folder in PYTHON_FOLDERS)
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py" and any(path.is_relative_to(folder) for folder in folders)
    )


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def service_folders() -> tuple[Path, ...]:
    return tuple(sorted(path.parent for path in SERVICES.glob("*/__init__.py")))
