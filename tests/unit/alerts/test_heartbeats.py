"""A source's progress is written seldom enough for machines and often enough for the trade."""

from datetime import timedelta

import pytest
from ingest_parts import AT

from services.alerts.domain.heartbeats import Beat, is_worth_writing

LAST = Beat(AT, written_at=100.0)


@pytest.mark.parametrize(
    ("ahead", "machine_seconds", "worth"),
    [
        (timedelta(seconds=1), 15.0, True),
        (timedelta(seconds=1), 14.9, False),
        (timedelta(minutes=30), 0.1, True),
        (timedelta(minutes=29), 0.1, False),
        (timedelta(0), 60.0, False),
        (timedelta(minutes=-1), 60.0, False),
    ],
)
def test_a_heartbeat_is_worth_writing(
    ahead: timedelta, machine_seconds: float, *, worth: bool
) -> None:
    now = LAST.written_at + machine_seconds

    assert is_worth_writing(LAST, at=AT + ahead, machine_now=now) == worth


def test_the_first_heartbeat_is_written() -> None:
    assert is_worth_writing(None, at=AT, machine_now=0.0)
