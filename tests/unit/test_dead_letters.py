"""What is kept and told of a record at fault."""

from datetime import UTC, datetime

import pytest
from aiokafka import TopicPartition

from shared.deadletters import DETAIL_MAX, StoredRecord, dead_letter, letter_told
from shared.errors import RecordFault

AT = datetime(2026, 2, 27, tzinfo=UTC)
RECORD = StoredRecord(TopicPartition("holdfast.billing.v1", 3), 7, 0, "12", (), b"{}")


def test_services_that_read_one_record_tell_different_facts_each_always_the_same() -> None:
    letter = dead_letter(RECORD, RecordFault("schema"), key="12")
    facts = [letter_told(letter, service, at=AT) for service in ("alerts", "points", "alerts")]

    assert facts[0].event_id == facts[2].event_id != facts[1].event_id
    assert {fact.letter_id for fact in facts} == {letter.id}


@pytest.mark.parametrize("hostile", ["a\0b", "a\ud800b", "x" * 2 * DETAIL_MAX])
def test_a_detail_that_quotes_a_hostile_record_can_be_stored(hostile: str) -> None:
    detail = dead_letter(RECORD, RecordFault("wrong-columns", hostile), key=None).detail

    assert "\0" not in detail
    assert len(detail.encode()) <= DETAIL_MAX
