"""A fact that no row can hold is refused before it touches one; what just fits is taken."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import RecordFault
from shared.events.event import Event
from tests.unit.alerts.engine_facts import FRIDAY, a_baseline, a_profile, an_engine

FITS = (
    a_profile(sequence=2**63 - 1),
    a_baseline(mean_gap_seconds=2**31 - 1),
    a_baseline(last_seen=FRIDAY + timedelta(minutes=5)),
    a_baseline(last_seen=datetime(1970, 1, 1, tzinfo=UTC)),
)
TOO_MUCH = (
    a_profile(sequence=2**63),
    a_baseline(mean_gap_seconds=2**31),
    a_baseline(last_seen=datetime(2099, 1, 1, tzinfo=UTC)),
)


@pytest.mark.parametrize("fact", FITS, ids=lambda fact: fact.event_type)
def test_what_just_fits_is_taken(fact: Event) -> None:
    engine = an_engine()

    assert engine.apply(fact) is None
    assert engine.rows.count == 1


@pytest.mark.parametrize("fact", TOO_MUCH, ids=lambda fact: fact.event_type)
def test_what_no_row_can_hold_is_its_records_fault_and_touches_nothing(fact: Event) -> None:
    engine = an_engine()

    with pytest.raises(RecordFault, match="schema"):
        engine.apply(fact)
    assert not engine.rows.hot[0]["state"]
    assert not engine.rows.cold[0].tobytes().strip(b"\0")
