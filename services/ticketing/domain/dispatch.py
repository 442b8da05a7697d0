"""An order begins: where it goes, by when it is due, or why it may not be (TK-01, TK-02)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.ticketing.domain.acting import Surroundings
from services.ticketing.domain.deadlines import Policy, due_by
from services.ticketing.domain.order import Brief, Move, Order, OrderClock, Work
from services.ticketing.domain.states import Act, OrderType, State
from services.ticketing.domain.timing import SYSTEM
from shared.events.event import effect_id
from shared.events.ticketing import WorkOrderCancelled, WorkOrderDispatched

CITY_DIGITS = 4
COUNTY_DIGITS = 6


@dataclass(frozen=True)
class Dispatch:
    """What is to be dispatched to which county, and when its clock began."""

    brief: Brief
    county: str
    started_at: datetime
    work: Work


def decide_dispatch(dispatch: Dispatch, around: Surroundings) -> Move:
    """The order's first step: new at the branch, or cancelled at once where a guard forbids it.

    So whoever asks for it finds the order and the reason why nothing is to be done.
    """
    brief = dispatch.brief
    policy = _policy_of(brief.order_type)
    deadline = due_by(policy, dispatch.started_at, calendar=around.calendar, unit=dispatch.county)
    forbidden = around.guard.forbids(brief.order_type)
    order = Order(
        brief=brief,
        county=dispatch.county,
        state=State.CANCELLED if forbidden else State.NEW,
        clock=OrderClock(deadline),
        moved_at=brief.dispatched_at,
        work=dispatch.work,
    )
    told = WorkOrderCancelled if forbidden else WorkOrderDispatched
    act = forbidden or Act.DISPATCH
    return Move(order, act, SYSTEM, brief.dispatched_at, None, told=(told,))


def order_id_of(cause: str) -> UUID:
    """An agreement has one order, however often it is told."""
    return effect_id(cause, "work_order")


def counter_order_id_of(customer_id: int, request_id: str) -> UUID:
    """So has a request at a counter; stores may give the same id to two customers."""
    return order_id_of(f"counter/{customer_id}/{request_id}")


def department_of(county: str) -> str:
    """The group department that gets a copy: that of the county's city."""
    return county[:CITY_DIGITS]


def county_of_store(store: str, home: str) -> str:
    """Whoever stands at a counter is retained there, wherever home is (TK-10)."""
    return store[:COUNTY_DIGITS] if len(store) >= COUNTY_DIGITS else home


def _policy_of(order_type: OrderType) -> Policy:
    if order_type is OrderType.COUNTER_RETENTION:
        return Policy.END_OF_SAME_WORKING_DAY
    return Policy.END_OF_NEXT_WORKING_DAY
