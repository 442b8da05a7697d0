"""Nothing in the tree belongs to one machine, and nothing is left for later without a place."""

import re
from pathlib import Path

import pytest
from sources import ROOT, named, tracked

# Each pattern is written so that it does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(work|root|home|Users)/[a-z.]")
HOSTS = re.compile(
    r"p[y]pi\.org|pythonh[o]sted|m[a]ven\.org|maven\.ap[a]che\.org|npmj[s]\.|golan[g]\.org"
    r"|m[i]rrors?\.\w+\.\w+|nex[u]s\.|artif[a]ctory",
    re.IGNORECASE,
)
LEFT_FOR_LATER = re.compile(r"\b(T[O]DO|FI[X]ME|X[X]X|HA[C]K)\b")
WHOLE_FILE_IGNORES = re.compile(
    r"^\s*#\s*(r[u]ff:\s*noqa|fl[a]ke8:\s*noqa|py[r]ight:\s*(basic|ignore|false)|t[y]pe:\s*ignore)",
    re.MULTILINE,
)
PRIVATE_KEYS = re.compile(r"BEGIN [A-Z ]*PRIV[A]TE KEY")

BINARY = {".png", ".svg", ".arrow", ".parquet", ".ico", ".woff2"}


def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix not in BINARY]


every_file = pytest.mark.parametrize("path", texts(), ids=named)


def test_files_were_found() -> None:
    assert len(texts()) > 200
    assert {ROOT / "README.md", ROOT / "Makefile", ROOT / "requirements/dev.txt"} <= set(texts())


@every_file
@pytest.mark.parametrize(
    "pattern",
    [MACHINE_PATHS, HOSTS, LEFT_FOR_LATER, WHOLE_FILE_IGNORES, PRIVATE_KEYS],
    ids=["machine paths", "hosts", "left for later", "whole-file ignores", "private keys"],
)
def test_a_file_is_free_of_it(path: Path, pattern: re.Pattern[str]) -> None:
    found = pattern.search(path.read_text(encoding="utf-8"))

    assert found is None, f"line {line_of(path, found)}: {found[0]!r}"


def line_of(path: Path, found: re.Match[str]) -> int:
    return path.read_text(encoding="utf-8").count("\n", 0, found.start()) + 1


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATHS, "see /ro" + "ot/notes"),
        (HOSTS, "--index-url https://py" + "pi.org/simple"),
        (LEFT_FOR_LATER, "# TO" + "DO: later"),
        (WHOLE_FILE_IGNORES, "# ruff" + ": noqa"),
        (PRIVATE_KEYS, "-----BEGIN PRI" + "VATE KEY-----"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
