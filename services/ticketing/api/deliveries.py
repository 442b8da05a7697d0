"""What branches were told by mail and webhook, and what is to be told once more (TK-06)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.ticketing.api.routes import router
from services.ticketing.domain.delivering import Outcome
from services.ticketing.domain.notices import Channel, NoticeKind
from services.ticketing.handlers.read_deliveries import read_deliveries as log_of
from services.ticketing.handlers.send_again import send_again
from services.ticketing.store import delivery_log
from services.ticketing.store.delivery_log import Wanted
from shared.errors import NotFound
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.once import Once
from shared.web.transaction import Transaction


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


class ReceiptShown(BaseModel):
    """What came of one try."""

    at: AwareDatetime
    outcome: Outcome
    sent_to: str | None
    status: int | None = Field(description="SMTP's or HTTP's; null when no answer came")
    answer: str


class DeliveryShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    delivery_id: UUID = Field(description="In the mail's Message-ID; the webhook's webhook-id")
    order_id: UUID
    order_no: str
    county: str
    kind: NoticeKind
    channel: Channel
    unit: str = Field(description="Whose mailbox or endpoint it goes to")
    at: AwareDatetime = Field(description="When the order took this step, in business time")
    created_at: AwareDatetime
    state: DeliveryState
    attempts: int
    next_at: AwareDatetime = Field(description="While it waits: when it is tried next")
    settled_at: AwareDatetime | None
    sent_to: str | None = Field(description="The mailbox, or the endpoint's host")
    status: int | None
    answer: str | None = Field(description="The last answer of the mail server or endpoint")
    receipts: Sequence[ReceiptShown] = Field(description="The newest first")


class Requeued(BaseModel):
    delivery_id: UUID
    state: DeliveryState


class Place(BaseModel):
    """Where a page of deliveries ended."""

    created_at: AwareDatetime = Field(
        ge=datetime.fromisoformat("2000-01-01T00:00:00Z"),
        lt=datetime.fromisoformat("2200-01-01T00:00:00Z"),
    )
    delivery_id: UUID


OrderNo = Annotated[
    str | None, Query(pattern="^[0-9]{6}-[0-9]{6}$", description="As people name the order")
]


@router.get("/deliveries")
async def read_deliveries(
    uow: Transaction,
    *,
    state: DeliveryState | None = None,
    order_no: OrderNo = None,
    limit: Limit = PAGE_ROWS,
    cursor: Cursor = None,
) -> Page[DeliveryShown]:
    """The newest first; those that failed say why and can be sent again."""
    after = position_in(cursor, Place)
    place = delivery_log.Place(after.created_at, after.delivery_id) if after else None
    found = await log_of(Wanted(state, order_no), uow, after=place, rows=limit + 1)
    shown = [DeliveryShown.model_validate(one) for one in found[:limit]]
    more = len(found) > limit
    last = (
        Place(created_at=shown[-1].created_at, delivery_id=shown[-1].delivery_id) if more else None
    )
    return Page(items=shown, next_cursor=cursor_of(last) if last else None)


@router.post("/deliveries/{delivery_id}/send-again", responses=refusals(NotFound))
async def send_delivery_again(delivery_id: UUID, claim: Once, uow: Transaction) -> Requeued:  # noqa: ARG001 - claims the key.
    """Under the same Message-ID or webhook-id; what is still on its way is left to it."""
    state = await send_again(delivery_id, uow)
    return Requeued(delivery_id=delivery_id, state=DeliveryState(state))
