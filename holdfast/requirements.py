"""Which requirement is shown by which test and named by which code, read from the sources."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

CATALOGUE = Path("docs/requirements.yaml")
TEST_FOLDERS = ("tests",)
CODE_FOLDERS = ("services", "shared", "holdfast")

_ID = re.compile(r"\b(?:AL|PT|TK|CC|KP|XC)-\d{2}\b")
MARK = "requirement"


class Requirement(BaseModel):
    """One row of the catalogue; `scope`: Y in full, P in part, N organisational."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    scope: Literal["Y", "P", "N"]
    title: str
    zh: str


@dataclass(frozen=True, order=True)
class Mention:
    """A test that shows a requirement, or a module that names it."""

    requirement: str
    path: str
    test: str = ""


def catalogue(root: Path) -> dict[str, Requirement]:
    """Every requirement by its ID, in the catalogue's order."""
    rows = TypeAdapter(list[Requirement]).validate_python(
        yaml.safe_load((root / CATALOGUE).read_text(encoding="utf-8"))
    )
    return {row.id: row for row in rows}


def shown_by_tests(root: Path) -> list[Mention]:
    """Every `@pytest.mark.requirement(ID)`, on a test, a class or a whole module."""
    found: set[Mention] = set()
    for path in _sources(root, TEST_FOLDERS):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if MARK in text else ():
            found |= {Mention(*mark, test=_name(node)) for mark in _marks(node, name)}
    return sorted(found)


def named_by_code(root: Path) -> list[Mention]:
    """Every ID in the text of our own code, comments and docstrings included."""
    return sorted(
        {
            Mention(requirement, path.relative_to(root).as_posix())
            for path in _sources(root, CODE_FOLDERS)
            for requirement in _ID.findall(path.read_text(encoding="utf-8"))
        }
    )


def unknown(root: Path) -> list[Mention]:
    """Mentions of IDs that the catalogue does not have."""
    known = catalogue(root)
    return [m for m in [*shown_by_tests(root), *named_by_code(root)] if m.requirement not in known]


def _sources(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


def _marks(node: ast.AST, path: str) -> Iterator[tuple[str, str]]:
    """The IDs that this node's decorators, or this `pytestmark`, carry."""
    inside = (part for mark in _decorations(node) for part in ast.walk(mark))
    for call in inside:
        if isinstance(call, ast.Call) and _is_mark(call.func):
            ids = (arg.value for arg in call.args if isinstance(arg, ast.Constant))
            yield from ((name, path) for name in ids if isinstance(name, str))


def _decorations(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.decorator_list
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
            return [value]
        case _:
            return []


def _is_mark(function: ast.expr) -> bool:
    """`pytest.mark.requirement`, however pytest was imported."""
    return (
        isinstance(function, ast.Attribute)
        and function.attr == MARK
        and isinstance(function.value, ast.Attribute)
        and function.value.attr == "mark"
    )


def _name(node: ast.AST) -> str:
    return str(getattr(node, "name", "all tests of the module"))
