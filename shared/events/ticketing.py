"""What ticketing tells: a work order's way from dispatch to verified, and broken deadlines."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.contact import ContactProposed
from shared.events.event import CustomerEvent, OrganisationCode


class WorkOrderDispatched(CustomerEvent):
    """An order lies with the home county's branch; the due date names policy and calendar."""

    event_type: ClassVar[str] = "ticketing.work_order_dispatched.v1"

    order_id: UUID
    number: Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9]{6}$")]
    order_type: str
    cause: str
    copy_to: OrganisationCode
    due_at: AwareDatetime
    policy: str
    calendar_version: str


class _Moved(CustomerEvent):
    order_id: UUID
    state: str
    actor: str
    result: str | None = None
    lost_reason: str | None = None
    due_at: AwareDatetime | None = None


class WorkOrderAccepted(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_accepted.v1"


class WorkOrderReturned(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_returned.v1"


class WorkOrderCompleted(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_completed.v1"


class WorkOrderSentBack(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_sent_back.v1"


class WorkOrderVerified(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_verified.v1"


class WorkOrderReopened(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_reopened.v1"


class WorkOrderCancelled(_Moved):
    event_type: ClassVar[str] = "ticketing.work_order_cancelled.v1"


class DeadlineBreached(CustomerEvent):
    event_type: ClassVar[str] = "ticketing.deadline_breached.v1"

    order_id: UUID
    due_at: AwareDatetime


class Escalated(CustomerEvent):
    event_type: ClassVar[str] = "ticketing.escalated.v1"

    order_id: UUID
    level: Annotated[int, Field(ge=1, le=3)]
    to: str


class TicketingContactProposed(ContactProposed):
    event_type: ClassVar[str] = "ticketing.contact_proposed.v1"
