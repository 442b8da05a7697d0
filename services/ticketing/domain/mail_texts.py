"""The words of mails to branches in Chinese and English (ux 4.21), from an order's notice alone."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.ticketing.domain.deadlines import Policy
from services.ticketing.domain.notices import Notice, NoticeKind
from services.ticketing.domain.states import OrderType, State
from services.ticketing.domain.timing import SYSTEM
from shared.events.customers import Tier
from shared.working_calendar import ZONE

SUBJECT_REASON_MAX = 40  # characters; a mailbox shows hardly more of a subject
UNKNOWN = "—"
_SECONDS_OF_MINUTE = 60


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True)
class Names:
    """Who is who around an order, in the language of the mail; logins for people."""

    county: str
    department: str
    retention_owner: str | None
    dispatcher: str | None


@dataclass(frozen=True)
class MailText:
    """`lead` ends where the link to the order begins."""

    subject: str
    lead: str
    footer: str


def mail_text(notice: Notice, names: Names, language: Language) -> MailText:
    """What a mail says; every text of people is on one line, without control characters."""
    subject, lead = _TEXTS[language][notice.kind](notice, names)
    space = " " if language is Language.EN else ""
    return MailText(one_line(subject), one_line(lead) + space, _FOOTER[language])


def one_line(text: str) -> str:
    """The text as a header may carry it: no line break, no character without a glyph."""
    shown = (" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    return " ".join("".join(shown).split())


_FOOTER = {
    Language.ZH: "请在系统中办理，直接回复此邮件不会更新工单。",
    Language.EN: "Please act in the system; a reply to this mail does not change the order.",
}

_TYPES_ZH = {
    OrderType.THREE_G_TO_CONTRACT: "3G转合约",
    OrderType.TWO_G_TO_THREE_G: "2G转3G",
    OrderType.BROADBAND: "宽带续费",
    OrderType.COUNTER_RETENTION: "到店挽留",
}
_TYPES_EN = {
    OrderType.THREE_G_TO_CONTRACT: "3G to contract",
    OrderType.TWO_G_TO_THREE_G: "2G to 3G",
    OrderType.BROADBAND: "Broadband renewal",
    OrderType.COUNTER_RETENTION: "Counter retention",
}
_TIERS_ZH = {
    Tier.DIAMOND: "钻石卡",
    Tier.GOLD: "金卡",
    Tier.SILVER: "银卡",
    Tier.GUEST: "贵宾",
    Tier.NONE: "非 VIP",
}
_TIERS_EN = {
    Tier.DIAMOND: "Diamond",
    Tier.GOLD: "Gold",
    Tier.SILVER: "Silver",
    Tier.GUEST: "Guest",
    Tier.NONE: "no VIP",
}
_STATES_ZH = {
    State.NEW: "待接单",
    State.IN_PROGRESS: "处理中",
    State.WAITING_DISPATCHER: "待补充",
    State.TO_VERIFY: "待核实",
    State.SENT_BACK: "已退回",
    State.VERIFIED_SAVED: "已核实·续约成功",
    State.VERIFIED_LOST: "已核实·丢单",
    State.CANCELLED: "已撤销",
}
_STATES_EN = {
    State.NEW: "New",
    State.IN_PROGRESS: "In progress",
    State.WAITING_DISPATCHER: "Waiting for dispatcher",
    State.TO_VERIFY: "To verify",
    State.SENT_BACK: "Sent back",
    State.VERIFIED_SAVED: "Verified, renewed",
    State.VERIFIED_LOST: "Verified, lost",
    State.CANCELLED: "Cancelled",
}
_BASIS_ZH = {
    Policy.END_OF_NEXT_WORKING_DAY: "下一工作日下班前",
    Policy.END_OF_SAME_WORKING_DAY: "当个工作日下班前",
}
_BASIS_EN = {
    Policy.END_OF_NEXT_WORKING_DAY: "end of the next working day",
    Policy.END_OF_SAME_WORKING_DAY: "end of the same working day",
}
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def _new_zh(notice: Notice, names: Names) -> tuple[str, str]:
    number, kind = notice.number, _TYPES_ZH[notice.order_type]
    due, tier = _moment_zh(notice.due_at), _TIERS_ZH[notice.tier]
    by = _dispatcher(notice, names) or "系统"
    if notice.order_type is OrderType.COUNTER_RETENTION:
        begun = f"{by} 派发了到店挽留工单 {number}（客户级别 {tier}）。客户在营业厅申请离网。"
    else:
        begun = f"{by} 派发了续约工单 {number}（{kind}，客户级别 {tier}）。客户已在电话中同意续约。"
    return (
        f"【新工单】{number} {kind}，{due} 前办结",
        (
            f"{names.county}维系责任人：{begun}请在 {due} 前完成并反馈结果；未成功请选择丢单原因。"
            f"截止依据：{_BASIS_ZH[notice.policy]}。打开工单："
        ),
    )


def _new_en(notice: Notice, names: Names) -> tuple[str, str]:
    number, kind = notice.number, _TYPES_EN[notice.order_type]
    due, tier = _moment_en(notice.due_at), _TIERS_EN[notice.tier]
    by = _dispatcher(notice, names) or "the system"
    if notice.order_type is OrderType.COUNTER_RETENTION:
        begun = (
            f"{by} sent counter retention order {number} ({tier}). "
            "The customer is asking to leave at a store."
        )
    else:
        begun = f"{by} sent renewal order {number} ({kind}, {tier}). The customer agreed by phone."
    return (
        f"[New order] {number} {kind}, due {due}",
        (
            f"To the retention owner of {names.county}: {begun} "
            f"Please finish and report the result by {due}; if lost, choose the reason. "
            f"Basis: {_BASIS_EN[notice.policy]}. Open: "
        ),
    )


def _due_soon_zh(notice: Notice, _names: Names) -> tuple[str, str]:
    due = _near(notice, ("今天", "明天"), _moment_zh)
    left = _duration(notice.working_seconds, (" 小时", " 分钟"))
    return (
        f"【即将超时】{notice.number} {due} 截止，剩 {left}",
        f"工单仍为「{_STATES_ZH[notice.state]}」，经办 {notice.clerk or UNKNOWN}。",
    )


def _due_soon_en(notice: Notice, _names: Names) -> tuple[str, str]:
    due = _near(notice, ("today", "tomorrow"), _moment_en)
    left = _duration(notice.working_seconds, (" h", " min"))
    return (
        f"[Due soon] {notice.number} due {due}, {left} left",
        f'Still "{_STATES_EN[notice.state]}", handled by {notice.clerk or UNKNOWN}.',
    )


def _overdue_zh(notice: Notice, names: Names) -> tuple[str, str]:
    """At the deadline itself no time has passed, and none is named."""
    by = _duration(notice.working_seconds, (" 小时", " 分钟"))
    over = f"超时 {by}，已升级" if notice.working_seconds else "已升级"
    return (
        f"【已超时】{notice.number} {over}",
        (
            f"已按规则升级至 {_escalated_to(notice, names, '集团客户部')}。"
            "请办理，或在工单中说明原因。"
        ),
    )


def _overdue_en(notice: Notice, names: Names) -> tuple[str, str]:
    by = _duration(notice.working_seconds, (" h", " min"))
    over = f" by {by}, escalated" if notice.working_seconds else ", escalated"
    return (
        f"[Overdue] {notice.number}{over}",
        (
            f"Escalated to {_escalated_to(notice, names, ' group department')} by rule. "
            "Please act or explain in the order."
        ),
    )


def _sent_back_zh(notice: Notice, names: Names) -> tuple[str, str]:
    reason = notice.reason or UNKNOWN
    return (
        f"【已退回】{notice.number} 核实未通过：{_shortened(reason)}",
        (
            f"{_dispatcher(notice, names) or '系统'} 退回：{reason.rstrip('。')}。"
            f"新截止 {_moment_zh(notice.due_at)}。"
        ),
    )


def _sent_back_en(notice: Notice, names: Names) -> tuple[str, str]:
    reason = notice.reason or UNKNOWN
    by = _dispatcher(notice, names) or "the system"
    return (
        f"[Sent back] {notice.number} not confirmed: {_shortened(reason)}",
        f"Sent back by {by}: {reason.rstrip('.')}. Now due {_moment_en(notice.due_at)}.",
    )


_TEXTS: Mapping[Language, Mapping[NoticeKind, Callable[[Notice, Names], tuple[str, str]]]] = {
    Language.ZH: {
        NoticeKind.NEW: _new_zh,
        NoticeKind.DUE_SOON: _due_soon_zh,
        NoticeKind.OVERDUE: _overdue_zh,
        NoticeKind.SENT_BACK: _sent_back_zh,
    },
    Language.EN: {
        NoticeKind.NEW: _new_en,
        NoticeKind.DUE_SOON: _due_soon_en,
        NoticeKind.OVERDUE: _overdue_en,
        NoticeKind.SENT_BACK: _sent_back_en,
    },
}


def _dispatcher(notice: Notice, names: Names) -> str | None:
    """Who sent it: for what the system dispatched the city's dispatcher on duty answers."""
    return names.dispatcher if notice.by == SYSTEM else notice.by


def _escalated_to(notice: Notice, names: Names, department: str) -> str:
    if notice.escalation_level > 1:
        return f"{names.department}{department}"
    return names.retention_owner or names.county


def _shortened(reason: str) -> str:
    if len(reason) <= SUBJECT_REASON_MAX:
        return reason
    return reason[: SUBJECT_REASON_MAX - 1] + "…"


def _moment_zh(moment: datetime) -> str:
    here = moment.astimezone(ZONE)
    return f"{here.month} 月 {here.day} 日（周{_WEEKDAYS_ZH[here.weekday()]}）{here:%H:%M}"


def _moment_en(moment: datetime) -> str:
    here = moment.astimezone(ZONE)
    weekday, month = _WEEKDAYS_EN[here.weekday()], _MONTHS_EN[here.month - 1]
    return f"{weekday} {here.day} {month} {here:%H:%M}"


def _near(notice: Notice, days: tuple[str, str], far: Callable[[datetime], str]) -> str:
    """Today or tomorrow with the hour; else the whole date."""
    due, at = notice.due_at.astimezone(ZONE), notice.at.astimezone(ZONE)
    ahead = (due.date() - at.date()) // timedelta(days=1)
    return f"{days[ahead]} {due:%H:%M}" if 0 <= ahead < len(days) else far(due)


def _duration(seconds: int, units: tuple[str, str]) -> str:
    """Hours and minutes; a unit of which there are none is left out."""
    hours, minutes = divmod(seconds // _SECONDS_OF_MINUTE, 60)
    parts = [f"{hours}{units[0]}"] if hours else []
    parts += [f"{minutes}{units[1]}"] if minutes or not hours else []
    return " ".join(parts)
