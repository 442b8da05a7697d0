"""One valid notice to a branch, and what differs from it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.ticketing.domain.deadlines import Policy
from services.ticketing.domain.notices import Notice, NoticeKind
from services.ticketing.domain.states import OrderType, State
from shared.events.customers import Tier
from shared.working_calendar import ZONE


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def a_notice(kind: NoticeKind = NoticeKind.NEW, **differs: Any) -> Notice:  # noqa: ANN401 - any field.
    fields: dict[str, Any] = {
        "kind": kind,
        "order_id": UUID(int=7),
        "version": 1,
        "number": "260305-000131",
        "order_type": OrderType.THREE_G_TO_CONTRACT,
        "tier": Tier.SILVER,
        "county": "990101",
        "department": "9901",
        "state": State.NEW,
        "at": at(3, 5, 14, 10),
        "due_at": at(3, 6, 18),
        "policy": Policy.END_OF_NEXT_WORKING_DAY,
        "by": "system",
    }
    return Notice.model_validate(fields | differs)


DUE_SOON = a_notice(
    NoticeKind.DUE_SOON,
    state=State.IN_PROGRESS,
    clerk="王五",
    at=at(3, 6, 16),
    working_seconds=7_200,
)
OVERDUE = a_notice(NoticeKind.OVERDUE, at=at(3, 9, 10), working_seconds=3_600, escalation_level=2)
SENT_BACK = a_notice(NoticeKind.SENT_BACK, by="陈涛", reason="合约号不符")
