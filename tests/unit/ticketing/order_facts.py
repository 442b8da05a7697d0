"""One valid order of ticketing, and what differs from it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from services.ticketing.domain.acting import Surroundings
from services.ticketing.domain.checks import Asked, Said
from services.ticketing.domain.deadlines import Policy, due_by
from services.ticketing.domain.lost_reasons import LostReason
from services.ticketing.domain.order import Brief, Order, OrderClock, Work
from services.ticketing.domain.states import Act, OrderType, Result, ReturnReason, State
from shared.events.customers import Tier
from shared.working_calendar import ZONE, load_calendar

COUNTY = "990101"
CALENDAR = load_calendar().of_unit(COUNTY)
AROUND = Surroundings(calendar=CALENDAR, retention_owner="owner-990101")
FRIDAY = datetime(2026, 2, 27, 14, 10, tzinfo=ZONE)

# What each act needs to be complete in itself.
SAID = {
    Act.RETURN: Said(return_reason=ReturnReason.NEED_INFORMATION, note="which plan?"),
    Act.COMPLETE: Said(result=Result.SAVED),
}
LOST = Said(result=Result.LOST, lost_reason=LostReason.OTHER_NETWORK)


def at(day: int, hour: int, minute: int = 0, *, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def an_order(
    state: State = State.NEW,
    order_type: OrderType = OrderType.BROADBAND,
    *,
    began: datetime = FRIDAY,
    policy: Policy = Policy.END_OF_NEXT_WORKING_DAY,
) -> Order:
    """An order in this state, with the work done that leads there."""
    brief = Brief(
        order_id=UUID(int=7),
        number="260227-000001",
        customer_id=1,
        order_type=order_type,
        cause=str(uuid4()),
        cause_event=uuid4(),
        copy_to="9901",
        tier=Tier.GOLD,
        priority=60,
        dispatched_at=began,
    )
    order = Order(
        brief=brief,
        county=COUNTY,
        state=state,
        clock=OrderClock(due_by(policy, began, calendar=CALENDAR, unit=COUNTY)),
        moved_at=began,
        work=_work_in(state, began),
    )
    if state is State.WAITING_DISPATCHER:
        return replace(order, clock=replace(order.clock, paused_at=began))
    return order


def _work_in(state: State, began: datetime) -> Work:
    result = {State.TO_VERIFY: Result.SAVED, State.VERIFIED_SAVED: Result.SAVED}.get(state)
    if state is State.VERIFIED_LOST:
        result = Result.LOST
    work = Work(leaving_reason="tariff", handler="holder")
    if result is None:
        return work
    return replace(work, completed_by="clerk", completed_at=began, result=result)


def asked(act: Act, *, by: str = "wang", at: datetime = FRIDAY, said: Said | None = None) -> Asked:
    return Asked(act, by, at, said or SAID.get(act, Said()))
