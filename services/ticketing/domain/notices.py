"""What a branch is told of its orders by mail and webhook, and to whom each goes (TK-06).

A notice names the order, never the person: it is all that mail_texts.py may speak of.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.ticketing.domain.deadlines import Policy
from services.ticketing.domain.order import Move
from services.ticketing.domain.states import Act, OrderType, State
from shared.events.customers import Tier
from shared.working_calendar import WorkingCalendar

REASON_LENGTH_MAX = 500  # of what a dispatcher wrote; the order's page has all of it
PROVINCE_DIGITS, CITY_DIGITS = 2, 4


class NoticeKind(StrEnum):
    NEW = "new"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    SENT_BACK = "sent_back"


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


class Notice(BaseModel):
    """One step of an order that its branch hears of, as it was at that step.

    `working_seconds` is the working time that was left (due soon) or had passed (overdue).
    """

    model_config = ConfigDict(frozen=True)

    kind: NoticeKind
    order_id: UUID
    version: int
    number: str
    order_type: OrderType
    tier: Tier
    county: str
    department: str
    state: State
    at: AwareDatetime
    due_at: AwareDatetime
    policy: Policy
    by: str
    clerk: str | None = None
    reason: str | None = None
    working_seconds: int = 0
    escalation_level: int = 0


class Addressee(BaseModel):
    """A unit of the organisation and the way it is reached."""

    model_config = ConfigDict(frozen=True)

    channel: Channel
    unit: str


_KIND_OF: Mapping[Act, NoticeKind] = {
    Act.DISPATCH: NoticeKind.NEW,
    Act.REDISPATCH: NoticeKind.NEW,
    Act.WARN: NoticeKind.DUE_SOON,
    Act.BREACH: NoticeKind.OVERDUE,
    Act.ESCALATE: NoticeKind.OVERDUE,
    Act.SEND_BACK: NoticeKind.SENT_BACK,
    Act.REOPEN: NoticeKind.SENT_BACK,
}


def notice_of(move: Move, calendar: WorkingCalendar) -> Notice | None:
    """What the branch is told of this step; None: nothing. `calendar` is its county's."""
    kind = _KIND_OF.get(move.act)
    if kind is None:
        return None
    order = move.order
    return Notice(
        kind=kind,
        order_id=order.order_id,
        version=order.version,
        number=order.brief.number,
        order_type=order.brief.order_type,
        tier=order.brief.tier,
        county=order.county,
        department=order.brief.copy_to,
        state=order.state,
        at=move.at,
        due_at=order.due_at,
        policy=order.clock.deadline.policy,
        by=move.actor,
        clerk=order.work.accepted_by,
        reason=_reason(move.note) if kind is NoticeKind.SENT_BACK else None,
        working_seconds=round(_between(move, kind, calendar).total_seconds()),
        escalation_level=2 if move.act is Act.ESCALATE else int(move.act is Act.BREACH),
    )


def addressees(notice: Notice) -> Sequence[Addressee]:
    """Where it goes, as far as these units have a mailbox or an endpoint.

    Mail goes to the branch, and to the department that an order is escalated to; an endpoint hears
    of all orders below its unit.
    """
    mailed = [notice.county, *([notice.department] if notice.escalation_level > 1 else [])]
    county = notice.county
    units = (county[:PROVINCE_DIGITS], county[:CITY_DIGITS], county)
    return [
        *(Addressee(channel=Channel.MAIL, unit=unit) for unit in mailed),
        *(Addressee(channel=Channel.WEBHOOK, unit=unit) for unit in units),
    ]


def _between(move: Move, kind: NoticeKind, calendar: WorkingCalendar) -> timedelta:
    due_at = move.order.due_at
    match kind:
        case NoticeKind.DUE_SOON:
            return calendar.working_time_between(move.at, due_at)
        case NoticeKind.OVERDUE:
            return calendar.working_time_between(due_at, move.at)
        case _:
            return timedelta(0)


# Seven digits in a row, however they are grouped, may be somebody's number; an order's is not.
_NUMBER = re.compile(r"(?<![\d-])\+?\d(?:[ -]?\d){6,}(?!\d)")
_ORDER_NUMBER = re.compile(r"\d{6}-\d{6}")


def _reason(note: str | None) -> str:
    """What the dispatcher wrote, cut, and without what may be a telephone or card number."""
    written = note or ""

    def hidden(found: re.Match[str]) -> str:
        return found[0] if _ORDER_NUMBER.fullmatch(found[0]) else "***"

    return _NUMBER.sub(hidden, written)[:REASON_LENGTH_MAX]
