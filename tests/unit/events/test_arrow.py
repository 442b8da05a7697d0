"""Rows survive their way through a message; a bad row costs itself, a bad message is one fault."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from holdfast.example_facts import rows_of
from shared.errors import RecordFault
from shared.events import arrow, envelope
from shared.events.billing import BillIssued, LotsOpened
from shared.events.event import CustomerEvent, effect_id
from shared.events.partition import partition_of
from shared.events.usage import UsageBaseline, UsageHeartbeat, UsageRecorded
from tests.unit.events.facts import TRACE, customer_ids, times

BATCH = UUID("2f1c1c1e-30f5-4a8a-9a55-6d1d5f9f5b11")
ROW = rows_of(BillIssued)[0]
PARTITION = partition_of(ROW["customer_id"])


def message(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], bytes]:
    return arrow.encode_rows(BillIssued, rows, batch_id=BATCH, trace=TRACE)


HEADERS, VALUE = message([ROW])


def decode(value: bytes, headers: dict[str, str] = HEADERS) -> Any:  # noqa: ANN401 - compared whole.
    return arrow.decode_rows(headers, value, PARTITION)


def fault(value: bytes, headers: dict[str, str] = HEADERS) -> str:
    with pytest.raises(RecordFault) as raised:
        decode(value, headers)
    return raised.value.reason


bills = st.fixed_dictionaries(
    {
        "customer_id": customer_ids,
        "county": st.from_regex(r"^[0-9]{6}\Z"),
        "at": times,
        "bill_id": st.text(min_size=1, max_size=64),
        "month": st.just("2026-03"),
        "amount_fen": st.integers(0, 10**12 - 1),
    }
)
lots = st.fixed_dictionaries(
    {
        "customer_id": customer_ids,
        "county": st.from_regex(r"^[0-9]{6}\Z"),
        "at": times,
        "programme": st.text(min_size=1, max_size=32),
        "cohort": st.integers(2000, 2100),
        "granted": st.integers(0, 10**12 - 1),
        "spent": st.integers(0, 10**12 - 1),
    }
)
messages = st.one_of(
    st.tuples(st.just(BillIssued), st.lists(bills, min_size=1, max_size=5)),
    st.tuples(st.just(LotsOpened), st.lists(lots, min_size=1, max_size=5)),
)


@settings(deadline=None)
@given(messages)
def test_rows_come_back_as_facts_whose_ids_derive_from_message_and_row(
    sent: tuple[type[CustomerEvent], list[dict[str, Any]]],
) -> None:
    model, rows = sent
    partition = partition_of(rows[0]["customer_id"])
    headers, value = arrow.encode_rows(model, rows, batch_id=BATCH, trace=TRACE)

    events, faults = arrow.decode_rows(headers, value, partition)

    expected = {
        number: model.model_validate(
            row
            | {
                "event_id": effect_id(BATCH, model.event_type, number),
                "subject": f"customer/{row['customer_id']}",
            }
        )
        for number, row in enumerate(rows)
        if partition_of(row["customer_id"]) == partition
    }
    assert events == expected
    assert len(events) + len(faults) == len(rows)
    assert {found.fault.reason for found in faults} <= {"foreign-partition"}


@pytest.mark.parametrize("byte", [0x00, 0x7F, 0x80, 0xFF])
def test_a_byte_damaged_anywhere_is_at_most_a_fault_and_never_the_end_of_the_process(
    byte: int,
) -> None:
    damaged = bytearray(VALUE)
    for place, original in enumerate(VALUE):
        damaged[place] = byte
        assert outcome(bytes(damaged)) in {"rows", "not-arrow", "wrong-columns", "too-large"}
        damaged[place] = original


def outcome(value: bytes) -> str:
    try:
        decode(value)
    except RecordFault as found:
        return found.reason
    return "rows"


def test_a_message_says_what_it_is() -> None:
    newest = ROW["at"] + timedelta(days=1)
    headers, _ = message([ROW | {"at": newest}, ROW])

    assert arrow.is_arrow(headers)
    assert not arrow.is_arrow(headers | {"content-type": "application/json"})
    assert headers["ce_subject"] == "rows/2"
    assert datetime.fromisoformat(headers["ce_time"]) == newest


def test_a_type_without_arrow_form_is_unknown() -> None:
    assert fault(VALUE, HEADERS | {"ce_type": UsageHeartbeat.event_type}) == "unknown-type"
    assert fault(VALUE, {"ce_id": str(BATCH)}) == "unknown-type"


@pytest.mark.parametrize("ce_id", ["", "17"])
def test_a_message_without_an_id_is_a_bad_envelope(ce_id: str) -> None:
    assert fault(VALUE, HEADERS | {"ce_id": ce_id}) == "bad-envelope"


@pytest.mark.parametrize("value", [b"", b"{}", VALUE[: len(VALUE) // 2], VALUE[8:]], ids=len)
def test_a_value_that_is_no_arrow_stream_is_not_arrow(value: bytes) -> None:
    assert fault(value) == "not-arrow"


def test_text_that_is_no_utf8_is_not_arrow() -> None:
    assert fault(VALUE.replace(b"990101", b"\xff\xfe0101")) == "not-arrow"


def test_the_columns_of_another_type_are_wrong() -> None:
    _, lots_value = arrow.encode_rows(LotsOpened, rows_of(LotsOpened), batch_id=BATCH, trace=TRACE)

    assert fault(lots_value) == "wrong-columns"


def test_a_column_of_another_width_is_wrong() -> None:
    sink = pa.BufferOutputStream()
    schema = pa.schema([("customer_id", pa.int32())])
    with ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([{"customer_id": 1}], schema))

    assert fault(sink.getvalue().to_pybytes()) == "wrong-columns"


def test_more_rows_or_bytes_than_the_limit_are_too_large() -> None:
    small = ROW | {"bill_id": "B", "county": "", "month": ""}

    assert fault(message([small] * (arrow.ROWS_MAX + 1))[1]) == "too-large"
    assert fault(VALUE + b"\0" * arrow.BYTES_MAX) == "too-large"


@pytest.mark.parametrize(
    "broken",
    [{"county": "99"}, {"amount_fen": -1}, {"month": "2026-13"}, {"bill_id": None}, {"at": None}],
    ids=str,
)
def test_a_row_that_breaks_the_schema_costs_only_itself(broken: dict[str, Any]) -> None:
    value = _value([ROW, ROW | broken, ROW])

    events, faults = decode(value)

    assert {row: event.event_id for row, event in events.items()} == {
        0: effect_id(BATCH, "billing.bill_issued.v1", 0),
        2: effect_id(BATCH, "billing.bill_issued.v1", 2),
    }
    assert [(f.row, f.fault.reason, f.key) for f in faults] == [
        (1, "schema", str(ROW["customer_id"]))
    ]


def test_a_mended_row_is_the_fact_that_it_would_have_been_in_its_message() -> None:
    """Also when its neighbours are newer: the message's `ce_time` is not the row's."""
    newer = ROW | {"at": ROW["at"] + timedelta(days=1)}
    sound, _ = decode(_value([newer, ROW]))

    _, [bad] = decode(_value([newer, ROW | {"amount_fen": -12_800}]))

    mended = bad.value.replace(b"-12800", b"12800")
    assert mended != bad.value
    assert envelope.decode(bad.headers, mended) == sound[1]


def test_a_sound_row_as_a_record_of_its_own_is_the_same_fact() -> None:
    newer = ROW | {"at": ROW["at"] + timedelta(days=1)}
    sound, _ = decode(_value([newer, ROW]))

    assert envelope.decode(*arrow.record_of_row(HEADERS, sound[1])) == sound[1]


def test_a_time_beyond_the_calendar_costs_only_its_own_row() -> None:
    # Python has no such time, so the microseconds are put straight into the message.
    mark = datetime(2026, 7, 1, tzinfo=UTC)
    placed = int(mark.timestamp() * 1_000_000).to_bytes(8, "little")
    sent = _value([ROW, ROW | {"at": mark}, ROW])
    absurd = sent.replace(placed, (2**62).to_bytes(8, "little"))

    events, faults = decode(absurd)

    assert absurd != sent
    assert list(events) == [0, 2]
    assert [(f.row, f.fault.reason) for f in faults] == [(1, "schema")]


def test_even_a_row_of_nothing_is_shown_as_json() -> None:
    _, [bad] = decode(_value([dict.fromkeys(ROW)]))

    assert json.loads(bad.value) == dict.fromkeys(ROW)
    assert bad.headers["ce_time"] == HEADERS["ce_time"]


def test_a_row_without_customer_has_no_key() -> None:
    _, faults = decode(_value([ROW | {"customer_id": None}]))

    assert [(f.fault.reason, f.key) for f in faults] == [("schema", None)]


def test_a_row_of_another_partition_is_foreign_there() -> None:
    stranger = next(n for n in range(1, 99) if partition_of(n) != PARTITION)

    events, faults = decode(message([ROW, ROW | {"customer_id": stranger}])[1])

    assert len(events) == 1
    assert [(f.row, f.fault.reason, f.key) for f in faults] == [
        (1, "foreign-partition", str(stranger))
    ]


def _value(rows: list[dict[str, Any]]) -> bytes:
    """Rows that our own encoder may refuse: a row without a time, say."""
    sink = pa.BufferOutputStream()
    schema = arrow.SCHEMAS[BillIssued]
    with ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist(rows, schema))
    return sink.getvalue().to_pybytes()


def test_times_keep_their_microseconds_and_their_zone() -> None:
    at = datetime(2026, 4, 1, 2, 15, 30, 123456, UTC)

    events, _ = decode(message([ROW | {"at": at}])[1])

    assert events[0].at == at
    assert events[0].at.tzinfo is not None


@pytest.mark.parametrize("model", [UsageRecorded, UsageBaseline])
def test_usage_comes_back_with_hashes_and_moments_as_they_were(model: type[CustomerEvent]) -> None:
    rows = rows_of(model)
    headers, value = arrow.encode_rows(model, rows, batch_id=BATCH, trace=TRACE)

    events, faults = arrow.decode_rows(headers, value, partition_of(rows[0]["customer_id"]))

    assert faults == []
    assert {name: getattr(events[0], name) for name in rows[0]} == rows[0]


def test_a_batch_says_who_measured_it_and_has_the_columns_of_its_type() -> None:
    batch = pa.RecordBatch.from_pylist(
        [ROW | {"at": datetime(2026, 4, 1, tzinfo=UTC)}], arrow.SCHEMAS[BillIssued]
    )
    encode = partial(
        arrow.encode_batch,
        batch_id=BATCH,
        trace=TRACE,
        newest=datetime(2026, 4, 1, tzinfo=UTC),
        source="mediation",
    )

    headers, value = encode(BillIssued, batch)

    assert headers["ce_source"] == "/mediation"
    assert len(decode(value, headers)[0]) == 1
    with pytest.raises(ValueError, match="other columns"):
        encode(LotsOpened, batch)
