"""Files and functions small enough to be read, each file with its one line of purpose."""

import ast
import tomllib
from pathlib import Path

import pytest
from sources import PYTHON_FOLDERS, ROOT, named, python_files

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
NESTING_MAX = 3

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Branches and loops; `with` and `try` frame what happens and decide nothing.
_NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match)

every_file = pytest.mark.parametrize("path", python_files(), ids=named)


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


@every_file
def test_a_file_fits_its_limit(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES_MAX


@every_file
def test_a_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    if "/migrations/versions/" in named(path) or not text.strip():
        return  # a migration is named by its file; an empty file has nothing to say

    assert ast.get_docstring(ast.parse(text)), "the first line of a module says what it is for"


@every_file
def test_functions_fit_their_limits(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"
            assert depth(node) <= NESTING_MAX, f"{node.name} nests {depth(node)} deep"


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
