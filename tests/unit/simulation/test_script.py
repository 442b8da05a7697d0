"""What systems will say: sound facts of the right customers, and twenty records broken."""

from collections import Counter

import pytest

from holdfast.simulation.broken import KINDS, Broken, broken_records
from holdfast.simulation.delivery import Outgoing
from holdfast.simulation.opening import baselines, identities, lots, profiles
from holdfast.simulation.plan import Cause, Plan, make_plan
from holdfast.simulation.population import Population, populate
from holdfast.simulation.script import Due, script
from holdfast.simulation.window import BEGINS, BILL_RUN_BEGINS, BILL_RUN_ENDS, CUT_OVER, ENDS
from shared.dead_letter_limit import IN_A_ROW_MAX
from shared.errors import RecordFault
from shared.events import arrow, envelope
from shared.events.billing import BillIssued
from shared.events.customers import CustomerProfile
from shared.events.event import CustomerEvent
from shared.events.identity import IdentityAssigned
from shared.number_hash import hasher
from shared.working_calendar import load_calendar

CUSTOMERS = 2_000


@pytest.fixture(scope="module")
def few() -> Population:
    return populate(1, CUSTOMERS)


@pytest.fixture(scope="module")
def few_plan(few: Population) -> Plan:
    return make_plan(few, load_calendar())


@pytest.fixture(scope="module")
def broken(few: Population, few_plan: Plan) -> tuple[Broken, ...]:
    return broken_records(few, few_plan)


@pytest.fixture(scope="module")
def told(few: Population, few_plan: Plan, broken: tuple[Broken, ...]) -> tuple[Due, ...]:
    return script(few, few_plan, broken)


def read(message: Outgoing) -> object:
    if message.partition is not None and arrow.is_arrow(message.headers):
        return arrow.decode_rows(message.headers, message.value, message.partition)
    return envelope.decode(message.headers, message.value)


def facts_in(due: Due) -> list[CustomerEvent]:
    message = due.message
    if message.partition is None:
        fact = envelope.decode(message.headers, message.value)
        assert isinstance(fact, CustomerEvent)
        return [fact]
    rows, faults = arrow.decode_rows(message.headers, message.value, message.partition)
    assert faults == []
    return list(rows.values())


def test_every_customer_gets_one_february_bill_within_the_run(
    few: Population, told: tuple[Due, ...], broken: tuple[Broken, ...]
) -> None:
    ill = {record.value for record in broken}
    bills = [
        fact
        for due in told
        if due.message.value not in ill and due.message.partition is not None
        for fact in facts_in(due)
        if isinstance(fact, BillIssued)
    ]

    assert sorted(bill.customer_id for bill in bills) == sorted(few.customer_id.tolist())
    assert all(BILL_RUN_BEGINS <= bill.at < BILL_RUN_ENDS for bill in bills)


def test_a_counter_request_comes_at_its_planned_moment(
    few: Population, few_plan: Plan, told: tuple[Due, ...]
) -> None:
    planned = {(int(few.customer_id[p.row]), p.at) for p in few_plan.by_cause[Cause.COUNTER]}
    requests = [
        fact
        for due in told
        if due.message.headers["ce_type"].startswith("touchpoints.deactivation")
        for fact in facts_in(due)
    ]

    assert {(fact.customer_id, fact.at) for fact in requests} == planned
    assert all(due.at >= BEGINS for due in told)
    assert all(due.at < ENDS for due in told)


def test_twenty_records_of_ten_kinds_are_broken_and_only_three_kinds_can_be_mended(
    broken: tuple[Broken, ...],
) -> None:
    assert Counter(record.kind for record in broken) == dict.fromkeys(KINDS, 2)
    assert len(broken) == 20 >= IN_A_ROW_MAX
    assert sum(record.mended is not None for record in broken) == 6


def test_a_broken_record_is_refused_and_its_mended_form_is_sound(
    broken: tuple[Broken, ...],
) -> None:
    for record in broken:
        if record.kind in ("of 1970", "of 2099"):
            continue  # sound in form; the clock refuses them
        with pytest.raises(RecordFault):
            read(record.message)
        if record.mended is not None:
            assert envelope.decode(record.message.headers, record.mended).at == record.at


def test_opening_records_speak_of_cut_over_day_and_of_everybody(
    few: Population, few_plan: Plan
) -> None:
    everybody = set(few.customer_id.tolist())
    hashes = hasher("ab" * 32, "test")

    for message in profiles(few, few_plan):
        fact = envelope.decode(message.headers, message.value)
        assert isinstance(fact, CustomerProfile)
        everybody.remove(fact.customer_id)
    assert not everybody
    keys = {message.key for message in identities(few, hashes)}
    [first, *_] = identities(few, hashes)
    assert isinstance(envelope.decode(first.headers, first.value), IdentityAssigned)
    assert len(keys) == few.size
    for message in (*baselines(few, few_plan), *lots(few)):
        assert all(fact.at == CUT_OVER for fact in facts_in(Due(CUT_OVER, message)))
