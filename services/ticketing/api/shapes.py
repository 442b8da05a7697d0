"""What ticketing shows over HTTP: an order, its sheet with history and reasons, figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.ticketing.domain.deadlines import Deadline
from services.ticketing.domain.follow_up import FollowUpState
from services.ticketing.domain.order import Order
from services.ticketing.domain.states import Act, OrderType, Result, Stage, State
from services.ticketing.handlers.read_order import Sheet
from shared.events.customers import Tier
from shared.events.event import CustomerId


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class OrderShown(_Shown):
    """A work order as lists show it."""

    order_id: UUID
    number: str
    customer_id: CustomerId
    county: str
    order_type: OrderType
    state: State
    version: int
    tier: Tier
    vip: bool = Field(description="Whether the customer carries the VIP mark (TK-08)")
    priority: int
    cause: str = Field(description="The agreement's id, or the counter's request id")
    cause_event: UUID = Field(description="The fact that asked for it, for /v1/links")
    task_id: UUID | None
    manager: str | None = Field(description="Who agreed it with the customer, or owned them then")
    offer: str | None
    store: str | None
    copy_to: str
    dispatched_at: AwareDatetime
    moved_at: AwareDatetime
    due_at: AwareDatetime
    stage: str = Field(description="on_time, warned, breached or escalated")
    paused_at: AwareDatetime | None
    breached_at: AwareDatetime | None = Field(description="The first deadline ever missed")
    escalation_level: int
    first_receiver: str | None = Field(description="Who stays responsible (TK-15)")
    accepted_by: str | None
    accepted_at: AwareDatetime | None
    return_reason: str | None
    completed_by: str | None
    completed_at: AwareDatetime | None
    answerable: str | None = Field(description="The retention owner who reports it (TK-03)")
    result: Result | None
    lost_reason: str | None
    leaving_reason: str | None
    handler: str | None
    opened_by: str | None
    opened_at: AwareDatetime | None
    verified_by: str | None
    verified_at: AwareDatetime | None


class StepShown(_Shown):
    """One line of the history."""

    version: int
    act: Act
    actor: str
    at: AwareDatetime
    from_state: State | None
    to_state: State
    reason: str | None
    note: str | None
    due_at: AwareDatetime


class FollowUpShown(_Shown):
    """The last proposal to call the customer about this order."""

    proposal_id: str
    attempt: int
    state: FollowUpState
    proposed_at: AwareDatetime
    grant_id: UUID | None
    again_at: AwareDatetime | None


class OrderSheet(OrderShown):
    """A work order with all that its page shows."""

    permitted: Sequence[Act] = Field(description="What this caller may do in this state")
    forbidden_by: Act | None = Field(description="The fact that forbids to retain the customer")
    owner: str | None = Field(description="Whose the customer is now")
    deadline: Deadline = Field(description="Why it is due then")
    follow_up: FollowUpShown | None
    history: Sequence[StepShown] = Field(description="The newest first")


class LostReasonShown(_Shown):
    code: str
    name_zh: str
    name_en: str


class CountShown(_Shown):
    order_type: OrderType
    state: State
    orders: int
    breached: int
    escalated: int
    escalated_twice: int


class FiguresShown(_Shown):
    """Over the orders that the caller may see; seconds are of business time."""

    by_state: Mapping[str, int]
    orders: int
    breached: int
    escalated: int
    escalated_twice: int
    lost_by_reason: Mapping[str, int]
    median_seconds_to_completion: float | None
    median_seconds_to_verification: float | None
    counts: Sequence[CountShown]


class Place(BaseModel):
    """Where a page of the queue ended."""

    due_at: AwareDatetime = Field(
        ge=datetime.fromisoformat("2000-01-01T00:00:00Z"),
        lt=datetime.fromisoformat("2200-01-01T00:00:00Z"),
    )
    tier_rank: int = Field(ge=1, le=5)
    number: str = Field(pattern="^[0-9]{6}-[0-9]{6}$")


def order_shown(order: Order) -> OrderShown:
    return OrderShown.model_validate(_flat(order))


def sheet_shown(sheet: Sheet, permitted: Sequence[Act]) -> OrderSheet:
    follow_up = sheet.follow_up
    return OrderSheet.model_validate(
        {
            **_flat(sheet.order),
            "permitted": permitted,
            "forbidden_by": sheet.guard.forbids(sheet.order.brief.order_type),
            "owner": sheet.owner,
            "deadline": sheet.order.clock.deadline,
            "follow_up": FollowUpShown.model_validate(follow_up) if follow_up else None,
            "history": [StepShown.model_validate(step) for step in sheet.history],
        }
    )


def _flat(order: Order) -> dict[str, object]:
    return {
        **vars(order.brief),
        **vars(order.work),
        **vars(order.clock),
        "county": order.county,
        "state": order.state,
        "version": order.version,
        "moved_at": order.moved_at,
        "due_at": order.due_at,
        "stage": Stage(order.clock.stage).name.lower(),
        "vip": order.brief.tier is not Tier.NONE,
    }
