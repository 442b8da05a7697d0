"""A fact survives its way through a record; every way of being no fact has its reason."""

import json
from datetime import timedelta
from functools import cache
from uuid import UUID

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.contracts import schema_of
from holdfast.example_facts import example_of
from shared.errors import RecordFault
from shared.events import envelope
from shared.events.billing import BillIssued
from shared.events.event import Event
from tests.unit.events.facts import TRACE, facts

BILL = example_of(BillIssued)
HEADERS, VALUE = envelope.encode(BILL, TRACE)

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "1", "1.0", "a", 1.0]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)

# Enough that each of the types has its turn.
every_type = settings(max_examples=250, deadline=None)


def fault(headers: dict[str, str], value: bytes = VALUE) -> RecordFault:
    with pytest.raises(RecordFault) as raised:
        envelope.decode(headers, value)
    return raised.value


def without(name: str) -> dict[str, str]:
    return {header: value for header, value in HEADERS.items() if header != name}


@cache
def published(model: type[Event]) -> jsonschema.Draft202012Validator:
    schema = schema_of(model)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@every_type
@given(facts)
def test_a_fact_of_any_type_comes_back_equal(event: Event) -> None:
    headers, value = envelope.encode(event, TRACE)

    assert envelope.decode(headers, value) == event


@every_type
@given(facts)
def test_an_independent_cloudevents_reader_sees_the_same_attributes_and_data(event: Event) -> None:
    headers, value = envelope.encode(event, TRACE)

    message = KafkaMessage({k: v.encode() for k, v in headers.items()}, None, value)
    seen = from_binary_event(message)

    assert seen.get_specversion() == "1.0"
    assert seen.get_id() == str(event.event_id)
    assert seen.get_type() == event.event_type
    assert seen.get_source() == envelope.source_of(event.event_type)
    assert seen.get_subject() == event.subject
    assert seen.get_time() == event.at
    assert seen.get_datacontenttype() == "application/json"
    assert seen.get_extension("sequence") == f"{event.sequence:020d}"
    assert seen.get_extension("causationid") == event.cause_id
    assert seen.get_data() == json.loads(value)


def test_what_an_independent_cloudevents_writer_sends_is_read() -> None:
    sent = to_binary_event(
        CloudEvent(
            attributes={
                "id": str(BILL.event_id),
                "source": "/billing",
                "type": "billing.bill_issued.v1",
                "time": BILL.at,
                "subject": BILL.subject,
                "datacontenttype": "application/json",
                "sequence": f"{BILL.sequence:020d}",
                "causationid": BILL.cause_id,
                "causationtype": BILL.cause_type,
            },
            data=json.loads(VALUE),
        )
    )

    assert envelope.decode({k: v.decode() for k, v in sent.headers.items()}, sent.value) == BILL


def test_the_trace_goes_one_hop_further_and_keeps_its_story() -> None:
    _, trace_id, parent, _ = HEADERS["traceparent"].split("-")

    assert trace_id == TRACE.traceparent.split("-")[1]
    assert parent != TRACE.traceparent.split("-")[2]
    assert HEADERS["ce_correlationid"] == TRACE.correlation_id


def test_our_own_facts_name_their_service_and_foreign_ones_their_system() -> None:
    assert envelope.source_of("points.granted.v1") == "/holdfast/points"
    assert envelope.source_of("billing.bill_issued.v1") == "/billing"


def test_optional_attributes_may_be_missing() -> None:
    bare = {
        name: value
        for name, value in HEADERS.items()
        if name in {"ce_specversion", "ce_id", "ce_type", "ce_time"}
    }

    event = envelope.decode(bare, VALUE)

    assert (event.subject, event.sequence, event.cause_id, event.cause_type) == ("", 0, None, None)


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_time", "ce_specversion"])
def test_a_missing_required_attribute_is_a_bad_envelope(name: str) -> None:
    assert fault(without(name)).reason == "bad-envelope"


@pytest.mark.parametrize(
    "changed",
    [
        {"ce_specversion": "0.3"},
        {"ce_time": "yesterday"},
        {"ce_time": (BILL.at + timedelta(seconds=1)).isoformat()},
        {"ce_time": "2026-04-01T02:15:30.250000"},
        {"ce_sequence": "-1"},
        {"ce_sequence": "٣"},
        {"ce_sequence": "1" * 21},
    ],
    ids=str,
)
def test_a_malformed_attribute_is_a_bad_envelope(changed: dict[str, str]) -> None:
    assert fault(HEADERS | changed).reason == "bad-envelope"


def test_a_type_outside_the_catalogue_is_unknown() -> None:
    assert fault(HEADERS | {"ce_type": "billing.refunded.v1"}).reason == "unknown-type"


def test_a_later_version_of_a_known_fact_says_which_versions_are_known() -> None:
    found = fault(HEADERS | {"ce_type": "billing.bill_issued.v9"})

    assert found.reason == "unknown-version"
    assert "billing.bill_issued.v1" in found.detail


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_somethingnew", "content-type"])
def test_an_attribute_that_stands_twice_is_a_bad_envelope(name: str) -> None:
    with pytest.raises(RecordFault, match=f"bad-envelope: header {name} stands twice"):
        envelope.refuse_repeated([*HEADERS, name, name])


def test_other_headers_may_repeat() -> None:
    envelope.refuse_repeated([*HEADERS, "tracestate", "tracestate"])


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff\xfe", b"[]", b'"text"', b"null", b'{"at": }'], ids=repr
)
def test_a_value_that_is_no_json_object_is_not_json(value: bytes) -> None:
    assert fault(HEADERS, value).reason == "not-json"


def test_a_value_beyond_the_brokers_limit_is_too_large() -> None:
    padded = VALUE[:-1] + b" " * envelope.VALUE_BYTES_MAX + b"}"

    assert fault(HEADERS, padded).reason == "too-large"


def test_a_value_that_breaks_the_schema_says_where_but_not_what_stood_there() -> None:
    found = fault(HEADERS, VALUE.replace(b'"990101"', b'"13800138000"'))

    assert found.reason == "schema"
    assert "county" in found.detail
    assert "13800138000" not in found.detail


@pytest.mark.parametrize(
    "customer",
    [b"4000000000000000001", b'"007"', b'"+7"', b'" 7"', b'"7.0"', b'"0"', b'"\xd9\xa3"'],
)
def test_a_customer_id_in_json_is_the_very_text_of_the_key(customer: bytes) -> None:
    sent = VALUE.replace(b'"4000000000000000001"', customer)

    assert sent != VALUE
    assert fault(HEADERS, sent).reason == "schema"


@every_type
@given(facts, st.data())
def test_what_is_read_as_a_fact_satisfies_the_published_schema(
    event: Event, data: st.DataObject
) -> None:
    headers, value = envelope.encode(event, TRACE)
    fields = json.loads(value)
    fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(anything)
    try:
        envelope.decode(headers, json.dumps(fields).encode())
    except RecordFault:
        return
    published(type(event)).validate(fields)


def test_an_id_that_is_no_uuid_breaks_the_schema() -> None:
    assert fault(HEADERS | {"ce_id": "17"}).reason == "schema"


def test_attributes_in_the_value_do_not_replace_those_of_the_headers() -> None:
    forged = json.loads(VALUE) | {"event_id": str(UUID(int=1)), "subject": "x", "sequence": 9}

    assert envelope.decode(HEADERS, json.dumps(forged).encode()) == BILL


def test_the_message_id_is_the_uuid_of_its_header_or_a_bad_envelope() -> None:
    assert envelope.message_id(HEADERS) == BILL.event_id
    for headers in (without("ce_id"), HEADERS | {"ce_id": "17"}):
        with pytest.raises(RecordFault, match="bad-envelope"):
            envelope.message_id(headers)
