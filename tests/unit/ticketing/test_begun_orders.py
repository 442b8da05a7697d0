"""How an order begins, and how a proposal about one goes on."""

from dataclasses import replace

import pytest
from order_facts import AROUND, FRIDAY, an_order, at

from services.ticketing.domain import follow_up
from services.ticketing.domain.dispatch import (
    Dispatch,
    county_of_store,
    decide_dispatch,
    department_of,
    order_id_of,
)
from services.ticketing.domain.guard import Guard
from services.ticketing.domain.order import Work
from services.ticketing.domain.states import Act, OrderType, State
from shared.events.customers import Tier
from shared.events.ticketing import WorkOrderCancelled, WorkOrderDispatched

APPLIED = Guard(portability_applied=True, portability_at=FRIDAY)
WITHDRAWN = Guard(consent_withdrawn=True, consent_at=FRIDAY)


def begun(order_type: OrderType = OrderType.BROADBAND) -> Dispatch:
    brief = replace(an_order().brief, order_type=order_type)
    return Dispatch(brief, county="990101", started_at=FRIDAY, work=Work())


@pytest.mark.requirement("TK-01")
def test_an_order_begins_new_with_the_policy_of_its_type() -> None:
    renewal = decide_dispatch(begun(), AROUND)
    counter = decide_dispatch(begun(OrderType.COUNTER_RETENTION), AROUND)

    assert (renewal.order.state, renewal.told) == (State.NEW, (WorkOrderDispatched,))
    assert renewal.order.due_at == at(28, 18)
    assert counter.order.due_at == at(27, 18)


@pytest.mark.requirement("XC-20")
def test_an_order_for_a_customer_who_ports_begins_cancelled_with_the_reason() -> None:
    move = decide_dispatch(begun(), replace(AROUND, guard=APPLIED))

    assert (move.act, move.order.state) == (Act.PORTABILITY_APPLIED, State.CANCELLED)
    assert move.told == (WorkOrderCancelled,)
    assert move.order.timers == ()


@pytest.mark.requirement("XC-21")
def test_consent_taken_back_stops_renewals_but_nobody_at_a_counter() -> None:
    around = replace(AROUND, guard=WITHDRAWN)

    assert decide_dispatch(begun(), around).order.state is State.CANCELLED
    counter = decide_dispatch(begun(OrderType.COUNTER_RETENTION), around)
    assert counter.order.state is State.NEW


def test_one_cause_has_one_order() -> None:
    assert order_id_of("R-1") == order_id_of("R-1") != order_id_of("R-2")


def test_a_copy_goes_to_the_city_and_a_counter_case_stays_at_its_store() -> None:
    assert department_of("990103") == "9901"
    assert county_of_store("990102001", "990101") == "990102"
    assert county_of_store("9901", "990101") == "990101"


def test_a_declined_proposal_is_tried_once_more_at_the_time_named() -> None:
    first = follow_up.proposed("wang/1", an_order().order_id, FRIDAY)

    declined = follow_up.declined(first, at(28, 10))
    second = follow_up.proposed_again(declined, at(28, 10))

    assert declined.again_at == at(28, 10)
    assert (second.proposal_id, second.attempt) == (first.proposal_id, 2)
    assert follow_up.declined(second, at(2, 10, month=3)).again_at is None


def test_a_proposal_ranks_by_the_customers_tier() -> None:
    assert [follow_up.priority_of(tier) for tier in (Tier.DIAMOND, Tier.SILVER, Tier.NONE)] == [
        53,
        50,
        45,
    ]
