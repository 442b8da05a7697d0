"""The seeded bugs run live: the checker must reject what each of them does (`make chaos`)."""

import pytest

from holdfast.chaos.checker import check
from tests.chaos.seeded_bugs.recording import SEEDED_BUGS, SeededBug


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", SEEDED_BUGS, ids=lambda bug: bug.name)
def test_the_checker_rejects_a_seeded_bug(bug: SeededBug) -> None:
    report = check(bug.run())
    assert bug.rule in report.broken_rules, report.as_text()
