"""What a call came to and what follows: dispositions (CC-11), attempts, call-backs, agreements."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from services.callcenter.domain.calling_hours import first_calling_time, is_calling_time
from shared.working_calendar import WorkingCalendar

ATTEMPTS_MAX = 3  # unanswered attempts that belong to one grant (contracts §5)
# The pause grows: first another hour of the day, then another day.
PAUSES = (timedelta(hours=4), timedelta(hours=24))
COUNTER_PAUSE = timedelta(minutes=5)  # somebody waits at a counter
CALL_BACK_GRACE = timedelta(days=1)  # how long after the promised hour a call-back is still made
CALL_BACK_MAX = timedelta(days=60)


class Disposition(IntEnum):
    """The seven codes of CC-11, in the order of the requirement."""

    EXCLUSIVE_PRODUCT = 1  # 已办理互斥业务
    NO_ANSWER = 2  # 无人接听
    QUESTIONNAIRE = 3  # 问卷完成
    UNREACHABLE = 4  # 网络无法联系
    NOT_CONNECTED = 5  # 其他原因未呼通
    STOP_CALLING = 6  # 其他原因停止呼出
    OTHER = 7  # 其他原因

    @property
    def reached(self) -> bool:
        return self not in _UNANSWERED


_UNANSWERED = frozenset({Disposition.NO_ANSWER, Disposition.UNREACHABLE, Disposition.NOT_CONNECTED})


class Result(StrEnum):
    """What the customer said, if anybody was reached."""

    AGREED = "agreed"
    REFUSED = "refused"
    CALL_BACK = "call_back"


# A result that contradicts its disposition was mistyped.
_FITTING: Mapping[Result, frozenset[Disposition]] = {
    Result.AGREED: frozenset({Disposition.QUESTIONNAIRE, Disposition.OTHER}),
    Result.REFUSED: frozenset(
        {
            Disposition.EXCLUSIVE_PRODUCT,
            Disposition.QUESTIONNAIRE,
            Disposition.STOP_CALLING,
            Disposition.OTHER,
        }
    ),
    Result.CALL_BACK: frozenset({Disposition.QUESTIONNAIRE, Disposition.OTHER}),
}


def fits(disposition: Disposition, result: Result | None) -> bool:
    return result is None or disposition in _FITTING[result]


@dataclass(frozen=True)
class Close:
    """The task is done; `unreached`: its grant ends without a contact."""

    unreached: bool = False


@dataclass(frozen=True)
class Again:
    """The same task once more, from `not_before` on."""

    not_before: datetime


@dataclass(frozen=True)
class CallBack:
    """The customer asked for it: the same grant, at that hour, by whoever promised it."""

    at: datetime
    valid_until: datetime


@dataclass(frozen=True)
class NoSuchHour:
    """The call-back would be outside calling hours; `next_hour` would not."""

    next_hour: datetime


@dataclass(frozen=True)
class Call:
    """A task as it stood when the call ended."""

    attempts: int  # unanswered ones before this
    valid_until: datetime
    counter: bool


def decide_outcome(
    call: Call,
    disposition: Disposition,
    call_back_at: datetime | None,
    *,
    now: datetime,
    calendar: WorkingCalendar,
) -> Close | Again | CallBack | NoSuchHour:
    """What becomes of the task; `call_back_at` is there only when the customer asked for it."""
    if not disposition.reached:
        return _unanswered(call, now, calendar)
    if call_back_at is None:
        return Close()
    if not now < call_back_at <= now + CALL_BACK_MAX or not is_calling_time(call_back_at, calendar):
        wanted = min(max(call_back_at, now), now + CALL_BACK_MAX)
        return NoSuchHour(first_calling_time(wanted, calendar))
    return CallBack(call_back_at, max(call.valid_until, call_back_at + CALL_BACK_GRACE))


def _unanswered(call: Call, now: datetime, calendar: WorkingCalendar) -> Close | Again:
    if call.attempts + 1 >= ATTEMPTS_MAX:
        return Close(unreached=True)
    if call.counter:
        return Again(now + COUNTER_PAUSE)
    not_before = first_calling_time(now + PAUSES[call.attempts], calendar)
    return Again(not_before) if not_before < call.valid_until else Close(unreached=True)
