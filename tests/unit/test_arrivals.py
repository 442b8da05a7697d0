"""What a fetched record turns into, and which record is kept when it is set aside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from aiokafka import TopicPartition

from holdfast.example_facts import example_of, rows_of
from shared.arrivals import Arrival, arrivals
from shared.clock import Clock, Segment
from shared.deadletters import StoredRecord, headers_text
from shared.events import arrow, envelope
from shared.events.billing import BillIssued
from shared.events.event import effect_id
from shared.events.partition import partition_of
from shared.events.usage import UsageControl
from shared.tracing import trace_of

TRACE = trace_of(None, "story")
ROW = rows_of(BillIssued)[0]
LOGGED = ROW["at"] + timedelta(minutes=1)
BATCH = UUID("2f1c1c1e-30f5-4a8a-9a55-6d1d5f9f5b11")
PLACE = TopicPartition("holdfast.billing.v1", partition_of(ROW["customer_id"]))


def record(headers: dict[str, str], value: bytes, key: str | None = None) -> StoredRecord:
    stored = tuple((name, text.encode()) for name, text in headers.items())
    return StoredRecord(PLACE, 7, 0, key, stored, value)


def bulk(*changes: dict[str, object]) -> StoredRecord:
    rows = [ROW | change for change in changes]
    return record(*arrow.encode_rows(BillIssued, rows, batch_id=BATCH, trace=TRACE))


BILL = record(*envelope.encode(example_of(BillIssued), TRACE), key=str(ROW["customer_id"]))


def arrive(stored: StoredRecord, logged: datetime = LOGGED) -> list[Arrival]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return list(arrivals(stored, logged, Clock([Segment(start, start, 1.0)])))


def reasons(stored: StoredRecord) -> list[str | None]:
    return [arrival.fault and arrival.fault.reason for arrival in arrive(stored)]


def test_a_sound_record_is_its_fact() -> None:
    [arrival] = arrive(BILL)

    assert arrival.event == example_of(BillIssued)
    assert arrival.own_record() == BILL


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (LOGGED + timedelta(minutes=5), None),
        (LOGGED + timedelta(minutes=5, seconds=1), "future"),
        (LOGGED - timedelta(days=40 * 31), None),
        (LOGGED - timedelta(days=40 * 31, seconds=1), "too-old"),
    ],
)
def test_event_time_has_its_bounds_around_the_logs_time(at: datetime, reason: str | None) -> None:
    assert reasons(bulk({"at": at})) == [reason]


def test_a_control_record_is_as_old_as_the_oldest_bill_it_may_carry() -> None:
    old = example_of(UsageControl).model_copy(update={"at": LOGGED - timedelta(days=1_000)})
    sent = record(*envelope.encode(old, TRACE))

    assert reasons(replace(sent, tp=TopicPartition("holdfast.usage.v1", 0))) == [None]


def test_an_attribute_that_stands_twice_is_a_fault() -> None:
    twice = replace(BILL, headers=(*BILL.headers, ("ce_id", b"another")))

    assert reasons(twice) == ["bad-envelope"]


def test_a_fact_on_another_publishers_topic_is_a_fault_in_either_form() -> None:
    elsewhere = PLACE._replace(topic="holdfast.touchpoints.v1")
    for sent in (BILL, bulk({})):
        assert reasons(replace(sent, tp=elsewhere)) == ["wrong-topic"]


@pytest.mark.parametrize("key", [None, "", "7", f"0{ROW['customer_id']}"])
def test_a_fact_under_another_key_may_lie_in_another_partition_and_is_a_fault(
    key: str | None,
) -> None:
    assert reasons(replace(BILL, key=key)) == ["wrong-key"]


def test_bad_rows_are_kept_each_by_itself_and_repair_into_the_facts_they_would_have_been() -> None:
    future = {"at": LOGGED + timedelta(days=1)}
    sent = bulk({}, future, future, {"amount_fen": -1})

    by_row = {a.own_record().row: a for a in arrive(sent)}

    found = {row: a.fault and a.fault.reason for row, a in by_row.items()}
    assert found == {0: None, 1: "future", 2: "future", 3: "schema"}
    for row in (1, 2):
        [again] = arrive(by_row[row].own_record(), LOGGED + timedelta(days=2))
        assert again.event is not None
        assert again.event.event_id == effect_id(BATCH, "billing.bill_issued.v1", row)


def test_a_sound_row_that_a_handler_refuses_is_kept_without_its_neighbours() -> None:
    first, second = arrive(bulk({}, {"bill_id": "B-2"}))

    kept = second.own_record()

    assert (kept.row, kept.key) == (1, str(ROW["customer_id"]))
    [again] = arrive(kept)
    assert again.event == second.event
    assert again.event != first.event


def test_headers_of_hostile_bytes_are_told_in_a_form_that_a_database_keeps() -> None:
    headers = [("plain", b"text"), ("torn", b"\xff"), ("ended", b"a\x00b"), ("e\x00nd", b"")]

    told = headers_text(headers)

    assert told == {"plain": "text", "torn": "\\xff", "ended": "a\\x00b", "e\\x00nd": ""}
    assert headers_text(headers[:1]) == {"plain": "text"}


def test_an_attribute_that_stands_twice_is_found_among_the_headers_as_they_came() -> None:
    twice = replace(BILL, headers=(*BILL.headers, ("ce_id", str(BATCH).encode())))

    assert reasons(twice) == ["bad-envelope"]
