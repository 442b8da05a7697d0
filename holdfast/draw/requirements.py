"""docs/requirements.md: every requirement, the code that names it, the tests that show it."""

from collections.abc import Sequence

from holdfast.contracts import ROOT
from holdfast.draw.blocks import with_block
from holdfast.requirements import Mention, Requirement, catalogue, named_by_code, shown_by_tests

DOCUMENT = "docs/requirements.md"
BLOCK = "requirements"

_AREAS = {
    "AL": "alerts",
    "PT": "points",
    "TK": "ticketing",
    "CC": "callcenter",
    "KP": "figures",
    "XC": "all services",
}
_SCOPES = {"Y": "in full", "P": "in part", "N": "no software"}


def drawn() -> dict[str, str]:
    """The document with its block drawn anew."""
    rows = catalogue(ROOT).values()
    tests, code = shown_by_tests(ROOT), named_by_code(ROOT)
    tables = [
        _table(area, [row for row in rows if row.id.startswith(prefix)], tests, code)
        for prefix, area in _AREAS.items()
    ]
    return {DOCUMENT: with_block((ROOT / DOCUMENT).read_text(), BLOCK, "\n\n".join(tables))}


def _table(
    area: str, rows: Sequence[Requirement], tests: Sequence[Mention], code: Sequence[Mention]
) -> str:
    head = [
        f"### {area}",
        "",
        "| ID | requirement | 中文 | wanted | code | tests |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_row(row, tests, code) for row in rows)])


def _row(row: Requirement, tests: Sequence[Mention], code: Sequence[Mention]) -> str:
    cells = [row.id, row.title, row.zh, _SCOPES[row.scope]]
    return f"| {' | '.join([*cells, _paths(row, code), _paths(row, tests)])} |"


def _paths(row: Requirement, mentions: Sequence[Mention]) -> str:
    """The files, each once, with how many tests of it show the requirement."""
    files = [mention.path for mention in mentions if mention.requirement == row.id]
    counted = {path: files.count(path) for path in files}
    return "<br>".join(f"`{path}`{f' ×{n}' if n > 1 else ''}" for path, n in counted.items())
