"""The chaos gate in its short form: six kinds of faults over 20,000 facts, on real parts."""

import sys

import pytest

from holdfast.chaos.checker import check
from holdfast.chaos.run import SHORT, run

EPISODES_MIN = 100


@pytest.mark.timeout(420)
def test_six_faults_lose_nothing_double_nothing_and_keep_the_order() -> None:
    history = run(SHORT, lambda line: print(line, file=sys.stderr))  # noqa: T201 - progress.
    report = check(history)
    assert report.clean, report.as_text()
    assert len(report.faults) == SHORT.faults
    assert history.oracle_hash == report.ledger_hash
    assert report.episodes >= EPISODES_MIN
