"""Every state with every act: what is not written here is refused."""

from itertools import product

import pytest
from order_facts import AROUND, an_order, asked

from services.ticketing.domain.acting import NotNow, Unchanged, acts_offered, decide_act
from services.ticketing.domain.guard import UNGUARDED, Guard
from services.ticketing.domain.order import Move
from services.ticketing.domain.states import BY_PERSONS, Act, OrderType, State
from services.ticketing.domain.transitions import COUNTER, RENEWAL, TABLES

# The way of a renewal as the trade tells it; written by hand, not read from the tables.
ALLOWED = {
    (State.NEW, Act.ACCEPT): State.IN_PROGRESS,
    (State.NEW, Act.RETURN): State.WAITING_DISPATCHER,
    (State.NEW, Act.CANCEL): State.CANCELLED,
    (State.NEW, Act.PORTABILITY_APPLIED): State.CANCELLED,
    (State.NEW, Act.CONSENT_WITHDRAWN): State.CANCELLED,
    (State.NEW, Act.AGREEMENT_WITHDRAWN): State.CANCELLED,
    (State.IN_PROGRESS, Act.RETURN): State.WAITING_DISPATCHER,
    (State.IN_PROGRESS, Act.COMPLETE): State.TO_VERIFY,
    (State.IN_PROGRESS, Act.CANCEL): State.CANCELLED,
    (State.IN_PROGRESS, Act.PORTABILITY_APPLIED): State.CANCELLED,
    (State.IN_PROGRESS, Act.CONSENT_WITHDRAWN): State.CANCELLED,
    (State.IN_PROGRESS, Act.AGREEMENT_WITHDRAWN): State.IN_PROGRESS,
    (State.WAITING_DISPATCHER, Act.ANSWER): State.IN_PROGRESS,
    (State.WAITING_DISPATCHER, Act.REDISPATCH): State.NEW,
    (State.WAITING_DISPATCHER, Act.CANCEL): State.CANCELLED,
    (State.WAITING_DISPATCHER, Act.PORTABILITY_APPLIED): State.CANCELLED,
    (State.WAITING_DISPATCHER, Act.CONSENT_WITHDRAWN): State.CANCELLED,
    (State.WAITING_DISPATCHER, Act.AGREEMENT_WITHDRAWN): State.WAITING_DISPATCHER,
    (State.TO_VERIFY, Act.WITHDRAW): State.IN_PROGRESS,
    (State.TO_VERIFY, Act.OPEN): State.TO_VERIFY,
    (State.TO_VERIFY, Act.VERIFY): State.VERIFIED_SAVED,
    (State.TO_VERIFY, Act.SEND_BACK): State.SENT_BACK,
    (State.TO_VERIFY, Act.AGREEMENT_WITHDRAWN): State.TO_VERIFY,
    (State.SENT_BACK, Act.ACCEPT): State.IN_PROGRESS,
    (State.SENT_BACK, Act.RETURN): State.WAITING_DISPATCHER,
    (State.SENT_BACK, Act.CANCEL): State.CANCELLED,
    (State.SENT_BACK, Act.PORTABILITY_APPLIED): State.CANCELLED,
    (State.SENT_BACK, Act.CONSENT_WITHDRAWN): State.CANCELLED,
    (State.SENT_BACK, Act.AGREEMENT_WITHDRAWN): State.SENT_BACK,
    (State.VERIFIED_SAVED, Act.REOPEN): State.SENT_BACK,
    (State.VERIFIED_LOST, Act.REOPEN): State.SENT_BACK,
}
# Whoever stands at a counter agreed to nothing by telephone, and speaks for themselves.
NOT_AT_A_COUNTER = {Act.AGREEMENT_WITHDRAWN, Act.CONSENT_WITHDRAWN}

PERSON = "dispatcher"

every_pair = pytest.mark.parametrize(("state", "act"), list(product(State, Act)))


def expected(state: State, act: Act, order_type: OrderType) -> State | None:
    if order_type is OrderType.COUNTER_RETENTION and act in NOT_AT_A_COUNTER:
        return None
    return ALLOWED.get((state, act))


@every_pair
def test_an_act_leads_where_the_trade_says_or_is_refused(state: State, act: Act) -> None:
    for order_type in OrderType:
        decided = decide_act(an_order(state, order_type), asked(act, by=PERSON), AROUND)

        target = expected(state, act, order_type)
        if target is None:
            assert decided == NotNow(state, act)
        else:
            assert isinstance(decided, Move)
            assert (decided.order.state, decided.order.version) == (target, 2)


@pytest.mark.parametrize("state", list(State))
def test_the_acts_offered_in_a_state_are_those_of_persons_that_it_allows(state: State) -> None:
    offered = acts_offered(an_order(state), PERSON, UNGUARDED)

    assert set(offered) == {act for place, act in ALLOWED if place is state and act in BY_PERSONS}


def test_what_would_be_refused_is_not_offered() -> None:
    done = an_order(State.TO_VERIFY)
    opened = decide_act(done, asked(Act.OPEN, by=PERSON), AROUND)
    assert isinstance(opened, Move)
    ported = Guard(portability_applied=True)

    assert Act.VERIFY not in acts_offered(done, "clerk", UNGUARDED)
    assert Act.WITHDRAW not in acts_offered(opened.order, PERSON, UNGUARDED)
    assert acts_offered(an_order(State.NEW), PERSON, ported) == (Act.RETURN, Act.CANCEL)


def test_a_lost_order_is_verified_as_lost() -> None:
    saved = an_order(State.TO_VERIFY)
    table = [row for row in RENEWAL if (row.source, row.act) == (saved.state, Act.VERIFY)]

    assert {row.result: row.target for row in table} == {
        "saved": State.VERIFIED_SAVED,
        "lost": State.VERIFIED_LOST,
    }


@pytest.mark.requirement("TK-07")
def test_the_three_renewals_share_one_way_and_the_counter_has_its_own() -> None:
    renewals = set(OrderType) - {OrderType.COUNTER_RETENTION}

    assert len(renewals) == 3
    assert {TABLES[order_type] for order_type in renewals} == {RENEWAL}
    assert TABLES[OrderType.COUNTER_RETENTION] == COUNTER != RENEWAL


def test_no_row_of_a_table_contradicts_another() -> None:
    for table in TABLES.values():
        keys = [(row.source, row.act, row.result) for row in table]
        assert len(keys) == len(set(keys))


def test_opening_an_order_twice_changes_nothing() -> None:
    opened = decide_act(an_order(State.TO_VERIFY), asked(Act.OPEN, by="dispatcher"), AROUND)
    assert isinstance(opened, Move)

    again = decide_act(opened.order, asked(Act.OPEN, by="another"), AROUND)

    assert again == Unchanged(opened.order)
