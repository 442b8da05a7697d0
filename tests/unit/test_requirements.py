"""The requirement table knows who shows what, and refuses an ID that nobody gave out."""

from pathlib import Path

import pytest

from holdfast.contracts import ROOT
from holdfast.requirements import Mention, catalogue, named_by_code, shown_by_tests, unknown

TREE = {
    "docs/requirements.yaml": "- {id: PT-98, scope: Y, title: Points, zh: 积分}\n",
    "services/points/domain/rule.py": '"""What is earned (PT-98)."""\n',
    "shared/stray.py": '"""Nobody asked for this (PT-99)."""\n',
    "tests/unit/test_rule.py": (
        "import pytest\n"
        "from pytest import mark\n"
        'pytestmark = [pytest.mark.requirement("PT-98")]\n'
        '@pytest.mark.requirement("PT-98", "TK-98")\n'
        "def test_it(): ...\n"
        '@pytest.mark.parametrize("id", ["KP-98"])\n'
        "def test_other(id): ...\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_marks_are_found_on_tests_and_on_modules_and_nothing_else_is_a_mark(root: Path) -> None:
    path = "tests/unit/test_rule.py"

    assert shown_by_tests(root) == [
        Mention("PT-98", path, "all tests of the module"),
        Mention("PT-98", path, "test_it"),
        Mention("TK-98", path, "test_it"),
    ]


def test_code_names_a_requirement_in_its_words(root: Path) -> None:
    assert Mention("PT-98", "services/points/domain/rule.py") in named_by_code(root)


def test_an_id_that_the_catalogue_does_not_have_is_unknown_in_tests_and_in_code(root: Path) -> None:
    assert {mention.requirement for mention in unknown(root)} == {"TK-98", "PT-99"}


def test_every_id_in_this_tree_is_known() -> None:
    assert shown_by_tests(ROOT)
    assert unknown(ROOT) == []


def test_the_catalogue_has_every_row_once_with_a_title() -> None:
    rows = catalogue(ROOT)

    assert len(rows) == 192
    assert all(row.title for row in rows.values())
