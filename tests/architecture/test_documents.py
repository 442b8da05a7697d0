"""Documents keep their word: commands exist, links lead somewhere, decisions have one shape."""

import re
from pathlib import Path

import pytest
from sources import ROOT, named, tracked

DECISION_LINES_MAX = 60
DECISION_PARTS = ("## Context", "## Decision", "## Consequences", "## Alternatives")

documents = [path for path in tracked() if path.suffix == ".md"]
decisions = [path for path in documents if path.parent.name == "decisions"]

every_document = pytest.mark.parametrize("path", documents, ids=named)
every_decision = pytest.mark.parametrize("path", decisions, ids=lambda p: p.stem)


def test_documents_were_found() -> None:
    assert ROOT / "README.md" in documents
    assert len(decisions) >= 4


@every_document
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named_here = set(re.findall(r"(?:`|^)make ([a-z]+)", path.read_text(), re.MULTILINE))

    assert named_here <= targets


@every_document
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


@every_document
def test_every_file_of_ours_that_is_named_exists(path: Path) -> None:
    pattern = r"`((?:docs|shared|holdfast|services|tests|deploy|requirements)/[\w./-]+\.\w+)`"
    files = re.findall(pattern, path.read_text())

    assert [file for file in files if not (ROOT / file).exists()] == []


@every_decision
def test_a_decision_has_its_parts_and_fits_a_page(path: Path) -> None:
    text = path.read_text()

    assert len(text.splitlines()) <= DECISION_LINES_MAX
    assert [part for part in DECISION_PARTS if part not in text] == []
    assert re.match(r"\d{4}-[a-z0-9-]+$", path.stem)


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.stem[:4]) for path in decisions)

    assert numbers == list(range(1, len(numbers) + 1))


def test_the_dependencies_of_the_locks_are_each_explained() -> None:
    explained = (ROOT / "docs/decisions/0003-dependencies.md").read_text()
    wanted = re.findall(
        r"^([a-z][\w-]+)",
        "".join(path.read_text() for path in (ROOT / "requirements").glob("*.in")),
        re.MULTILINE,
    )

    assert len(wanted) > 30
    assert [name for name in wanted if f"`{name}`" not in explained] == []
