"""Nothing in the tree belongs to one machine, and nothing is left for later without a place."""

import re
from collections import Counter
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


def test_files_were_found() -> None:
    assert len(texts()) > 200
    assert {ROOT / "README.md", ROOT / "Makefile", ROOT / "requirements/dev.txt"} <= set(texts())


@pytest.mark.parametrize(
    "pattern",
    [MACHINE_PATHS, HOSTS, LEFT_FOR_LATER, WHOLE_FILE_IGNORES, PRIVATE_KEYS],
    ids=["machine paths", "hosts", "left for later", "whole-file ignores", "private keys"],
)
def test_the_tree_is_free_of_it(pattern: re.Pattern[str]) -> None:
    assert [found for path in texts() for found in places(path, pattern)] == []


def places(path: Path, pattern: re.Pattern[str]) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [
        f"{named(path)}:{text.count(chr(10), 0, found.start()) + 1} {found[0]!r}"
        for found in pattern.finditer(text)
    ]


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


def test_every_test_file_has_a_name_of_its_own() -> None:
    """Pytest imports them by name alone: of two alike it collects neither."""
    names = Counter(path.name for path in tracked() if path.name.startswith("test_"))
    assert [name for name, files in names.items() if files > 1] == []
