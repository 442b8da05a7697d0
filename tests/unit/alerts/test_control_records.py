"""Control records carry facts into the usage log unchanged, in messages that a broker takes."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from services.alerts.domain import control
from shared.errors import RecordFault
from shared.events import envelope
from shared.events.billing import BillIssued
from shared.events.customers import Contract, CustomerProfile, Tier
from shared.events.event import Event, EventId
from shared.tracing import trace_of

AT = datetime(2026, 2, 27, 1, tzinfo=UTC)
BILLING = "holdfast.billing.v1/5"


def a_bill(number: int = 1) -> BillIssued:
    return BillIssued(
        event_id=EventId(uuid4()),
        subject=f"bill/B{number}",
        at=AT,
        customer_id=4611686018427387904 + number,
        county="990101",
        bill_id=f"B{number}",
        month="2026-02",
        amount_fen=12_345,
    )


def a_profile(*, plan: str = "5G-128") -> CustomerProfile:
    return CustomerProfile(
        event_id=EventId(uuid4()),
        subject="customer/7",
        sequence=3,
        at=AT,
        customer_id=7,
        county="990101",
        tier=Tier.GOLD,
        plan=plan,
        contracts=(Contract(contract_id="C1", kind="合约", ends_on=date(2026, 3, 20)),),
        status_at=AT,
        consent_at=AT - timedelta(days=3),
    )


def test_facts_come_out_as_they_went_in() -> None:
    for facts in ([a_bill(1), a_bill(2)], [a_profile()]):
        found = control.facts_in(control.control_of(facts, source=BILLING, number=1, at=AT))

        assert found == facts


def test_a_control_message_survives_its_way_over_the_log() -> None:
    message = control.control_of([a_profile()], source=BILLING, number=9, at=AT)

    arrived = envelope.decode(*envelope.encode(message, trace_of(None, "story")))

    assert arrived == message
    assert message.key is None, "the merger names the partition"


def test_the_id_says_which_message_of_which_source_it_is() -> None:
    facts = [a_bill()]

    def message(source: str, number: int) -> EventId:
        return control.control_of(facts, source=source, number=number, at=AT).event_id

    assert message(BILLING, 1) == message(BILLING, 1)
    assert len({message(BILLING, 1), message(BILLING, 2), message("holdfast.billing.v1/6", 1)}) == 3


def test_acts_of_two_partitions_have_ids_of_their_own() -> None:
    acts = [
        control.act_of(
            control.SOURCE_REGISTERED,
            {"source": "mediation"},
            partition=partition,
            number=1,
            at=AT,
            cause="request/1",
        )
        for partition in (0, 1)
    ]

    assert acts[0].event_id != acts[1].event_id
    assert [(act.source, act.number) for act in acts] == [("http", 1)] * 2
    assert control.fields_in(acts[0]) == {"source": "mediation"}


def test_a_message_carries_facts_of_one_type() -> None:
    with pytest.raises(ValueError, match="one type"):
        control.control_of([a_bill(), a_profile()], source=BILLING, number=1, at=AT)


def test_a_long_run_is_cut_into_messages_that_a_broker_takes() -> None:
    facts = [a_profile(plan='"\\' * 500) for _ in range(700)]

    parts = list(control.in_messages(facts))

    assert len(parts) > 1
    assert [fact for part in parts for fact in part] == facts
    for number, part in enumerate(parts, 1):
        message = control.control_of(part, source="holdfast.customers.v1/31", number=number, at=AT)
        _, value = envelope.encode(message, trace_of(None, "story"))
        assert len(value) <= control.BYTES_MAX


def test_a_fact_that_fits_no_message_is_at_fault_itself() -> None:
    with pytest.raises(RecordFault) as fault:
        list(control.in_messages([a_bill(), a_profile(plan="x" * control.BYTES_MAX)]))

    assert fault.value.reason == "too-large"


def test_a_short_run_is_one_message() -> None:
    facts: list[Event] = [a_bill(number) for number in range(1000)]

    assert list(control.in_messages(facts)) == [facts]
    assert list(control.in_messages([])) == []


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("billing.bill_issued.v1", "[{}]", "schema"),
        ("billing.bill_issued.v1", '[{"customer_id": 7', "schema"),
        ("billing.bill_vanished.v1", "[]", "unknown-type"),
    ],
)
def test_a_message_of_anything_else_is_at_fault(kind: str, body: str, reason: str) -> None:
    message = control.control_of([a_bill()], source=BILLING, number=1, at=AT)

    with pytest.raises(RecordFault) as fault:
        control.facts_in(message.model_copy(update={"kind": kind, "body": body}))

    assert fault.value.reason == reason


@pytest.mark.parametrize("body", ["[]", "7", "{"])
def test_an_act_is_a_json_object(body: str) -> None:
    act = control.act_of(
        control.SOURCE_REGISTERED, {}, partition=0, number=1, at=AT, cause="request/1"
    )

    with pytest.raises(RecordFault):
        control.fields_in(act.model_copy(update={"body": body}))


def test_a_fact_keeps_what_the_engine_must_name_as_cause() -> None:
    bill = a_bill()

    [fact] = json.loads(control.control_of([bill], source=BILLING, number=1, at=AT).body)

    assert fact["event_id"] == str(bill.event_id)
    assert fact["customer_id"] == str(bill.customer_id)
    assert {"subject", "sequence"} <= set(fact)
