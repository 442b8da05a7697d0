"""Files and functions small enough to be read, each file with its one line of purpose."""

import ast
import tomllib
from pathlib import Path

from sources import PYTHON_FOLDERS, ROOT, named, parsed, python_files

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
NESTING_MAX = 3

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Branches and loops; `with` and `try` frame what happens and decide nothing.
_NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match)


def test_files_were_found_in_every_folder_that_is_there() -> None:
    assert len(python_files()) > 150
    for folder in PYTHON_FOLDERS:
        present = (ROOT / folder).is_dir()
        assert present == any(path.is_relative_to(ROOT / folder) for path in python_files())


def test_types_are_checked_in_every_folder_that_is_there() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["basedpyright"][
        "include"
    ]

    assert checked == [folder for folder in PYTHON_FOLDERS if (ROOT / folder).is_dir()]


def test_every_file_fits_its_limit() -> None:
    lines = {named(path): len(path.read_text().splitlines()) for path in python_files()}

    assert {path: count for path, count in lines.items() if count > FILE_LINES_MAX} == {}


def test_every_file_says_in_its_first_line_what_it_is_for() -> None:
    # A migration is named by its file; an empty file has nothing to say.
    written = [path for path in python_files() if "/migrations/versions/" not in named(path)]
    silent = [named(path) for path in written if parsed(path).body and not purpose(path)]

    assert silent == []


def purpose(path: Path) -> str | None:
    return ast.get_docstring(parsed(path))


def test_every_function_fits_its_limits() -> None:
    found = [
        f"{named(path)}: {told}"
        for path in python_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, Function)
        for told in beyond_limits(node)
    ]

    assert found == []


def beyond_limits(node: Function) -> list[str]:
    lines, deep = (node.end_lineno or node.lineno) - node.lineno + 1, depth(node)
    long = [f"{node.name} has {lines} lines"] if lines > FUNCTION_LINES_MAX else []
    return long + ([f"{node.name} nests {deep} deep"] if deep > NESTING_MAX else [])


def test_a_function_beyond_its_limits_is_told() -> None:
    nested = "def f():\n if a:\n  if b:\n   for c in d:\n    while e:\n     pass\n"
    [function] = ast.parse(nested + "\n" * FUNCTION_LINES_MAX + " x = 1").body

    assert isinstance(function, Function)
    assert beyond_limits(function) == ["f has 57 lines", "f nests 4 deep"]


def depth(node: ast.AST) -> int:
    """How deep branches and loops stand in each other; an `elif` is no deeper than its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        chained = isinstance(node, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child) + (isinstance(child, _NESTS) and not chained))
    return deepest


def test_depth_counts_loops_in_branches_and_an_elif_once() -> None:
    tree = ast.parse("def f():\n if a:\n  pass\n elif b:\n  for x in y:\n   with z:\n    pass\n")

    assert depth(tree.body[0]) == 2
