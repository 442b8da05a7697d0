"""What follows from a call: dispositions (CC-11), pauses that grow, call-backs within hours."""

from datetime import datetime, timedelta

import pytest

from services.callcenter.domain.calling_hours import (
    calendar_of,
    first_calling_time,
    is_calling_time,
)
from services.callcenter.domain.outcome import (
    CALL_BACK_GRACE,
    Again,
    Call,
    CallBack,
    Close,
    Disposition,
    NoSuchHour,
    Result,
    decide_outcome,
    fits,
)
from shared.working_calendar import ZONE

NOW = datetime(2026, 2, 27, 10, tzinfo=ZONE)  # a Friday; the Saturday after is a make-up day
VALID = NOW + timedelta(days=10)
CALENDAR = calendar_of("990101")
UNANSWERED = {Disposition.NO_ANSWER, Disposition.UNREACHABLE, Disposition.NOT_CONNECTED}


def outcome(
    disposition: Disposition,
    *,
    attempts: int = 0,
    call_back_at: datetime | None = None,
    counter: bool = False,
    valid_until: datetime = VALID,
    now: datetime = NOW,
) -> Close | Again | CallBack | NoSuchHour:
    call = Call(attempts, valid_until, counter)
    return decide_outcome(call, disposition, call_back_at, now=now, calendar=CALENDAR)


@pytest.mark.requirement("CC-11")
def test_there_are_seven_dispositions_in_the_order_of_the_requirement() -> None:
    assert [d.value for d in Disposition] == [1, 2, 3, 4, 5, 6, 7]
    assert {d for d in Disposition if not d.reached} == UNANSWERED


@pytest.mark.requirement("CC-11")
@pytest.mark.parametrize("disposition", list(Disposition))
def test_who_was_reached_is_done_and_who_was_not_is_tried_again(disposition: Disposition) -> None:
    expected = Again(NOW + timedelta(hours=4)) if disposition in UNANSWERED else Close()

    assert outcome(disposition) == expected


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        (0, Again(NOW + timedelta(hours=4))),
        (1, Again(NOW + timedelta(days=1))),
        (2, Close(unreached=True)),
    ],
)
def test_three_attempts_belong_to_a_grant_and_the_pause_grows(
    attempts: int, expected: Again | Close
) -> None:
    assert outcome(Disposition.NO_ANSWER, attempts=attempts) == expected


def test_a_pause_ends_in_calling_hours() -> None:
    evening = datetime(2026, 2, 28, 19, tzinfo=ZONE)
    monday = datetime(2026, 3, 2, 9, tzinfo=ZONE)

    assert outcome(Disposition.NO_ANSWER, now=evening) == Again(monday)


def test_nobody_is_tried_again_after_the_task_is_worth_nothing() -> None:
    soon = NOW + timedelta(hours=1)

    assert outcome(Disposition.NO_ANSWER, valid_until=soon) == Close(unreached=True)


def test_at_a_counter_nobody_waits_for_hours() -> None:
    assert outcome(Disposition.NO_ANSWER, counter=True) == Again(NOW + timedelta(minutes=5))


def test_a_call_back_is_made_when_the_customer_said() -> None:
    at = NOW + timedelta(hours=5)

    assert outcome(Disposition.OTHER, call_back_at=at) == CallBack(at, VALID)
    assert outcome(Disposition.OTHER, call_back_at=at, valid_until=at) == CallBack(
        at, at + CALL_BACK_GRACE
    )


@pytest.mark.parametrize(
    ("wished", "next_hour"),
    [
        (datetime(2026, 2, 27, 21, tzinfo=ZONE), datetime(2026, 2, 28, 9, tzinfo=ZONE)),
        (datetime(2026, 3, 1, 12, tzinfo=ZONE), datetime(2026, 3, 2, 9, tzinfo=ZONE)),
        (NOW, NOW),
        (NOW - timedelta(days=400), NOW),
    ],
)
def test_a_call_back_outside_calling_hours_is_refused_with_the_next_hour(
    wished: datetime, next_hour: datetime
) -> None:
    assert outcome(Disposition.OTHER, call_back_at=wished) == NoSuchHour(next_hour)


def test_a_call_back_in_a_hundred_years_is_refused_in_no_time() -> None:
    refused = outcome(Disposition.OTHER, call_back_at=NOW.replace(year=2126))

    assert isinstance(refused, NoSuchHour)
    assert refused.next_hour < NOW + timedelta(days=70)


@pytest.mark.requirement("CC-12")
@pytest.mark.parametrize(
    ("disposition", "results"),
    [
        (Disposition.EXCLUSIVE_PRODUCT, {"refused"}),
        (Disposition.NO_ANSWER, set[str]()),
        (Disposition.QUESTIONNAIRE, {"agreed", "refused", "call_back"}),
        (Disposition.UNREACHABLE, set[str]()),
        (Disposition.NOT_CONNECTED, set[str]()),
        (Disposition.STOP_CALLING, {"refused"}),
        (Disposition.OTHER, {"agreed", "refused", "call_back"}),
    ],
)
def test_a_result_that_contradicts_its_disposition_does_not_fit(
    disposition: Disposition, results: set[str]
) -> None:
    assert {result.value for result in Result if fits(disposition, result)} == results
    assert fits(disposition, None)


@pytest.mark.parametrize(
    ("moment", "calls"),
    [
        (datetime(2026, 2, 27, 8, 59, 59, tzinfo=ZONE), False),
        (datetime(2026, 2, 27, 9, tzinfo=ZONE), True),
        (datetime(2026, 2, 27, 20, 59, 59, tzinfo=ZONE), True),
        (datetime(2026, 2, 27, 21, tzinfo=ZONE), False),
        (datetime(2026, 2, 28, 12, tzinfo=ZONE), True),  # 调休: a Saturday that counts
        (datetime(2026, 3, 1, 12, tzinfo=ZONE), False),
    ],
)
def test_calls_are_made_from_nine_to_nine_on_working_days(moment: datetime, *, calls: bool) -> None:
    assert is_calling_time(moment, CALENDAR) is calls
    assert (first_calling_time(moment, CALENDAR) == moment) is calls
    assert is_calling_time(first_calling_time(moment, CALENDAR), CALENDAR)
