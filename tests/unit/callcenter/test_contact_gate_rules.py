"""The contact gate, check by check and in their order (contracts §5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.callcenter.domain.calling_hours import calendar_of
from services.callcenter.domain.gate import (
    BUSY_AGAIN,
    CAP_WINDOW,
    CARRIED_OUT,
    Because,
    Decline,
    Grant,
    Guard,
    OpenGrant,
    Proposal,
    Standing,
    decide,
)
from shared.events.customers import CustomerStatus, PortabilityState
from shared.working_calendar import ZONE

NOW = datetime(2026, 2, 27, 10, tzinfo=ZONE)  # a Friday
CALENDAR = calendar_of("990101")

FREE = Standing(Guard())
# Everything that forbids a call at once: the tests take the reasons away one by one.
WEAK_GRANT = OpenGrant(UUID(int=1), priority=90, valid_until=NOW + timedelta(days=3))
EVERYTHING = Standing(
    Guard(
        portability=PortabilityState.APPLIED,
        do_not_call=True,
        allowed=False,
        status=CustomerStatus.SUSPENDED,
    ),
    reached_at=NOW - timedelta(days=1),
    frozen_until=NOW + timedelta(days=1),
    open_grant=WEAK_GRANT,
)


def a_proposal(**differs: object) -> Proposal:
    valid_until = NOW + timedelta(days=10)
    return replace(Proposal("P-1", attempt=1, priority=60, valid_until=valid_until), **differs)  # pyright: ignore[reportArgumentType] - fields by name.


def decided(standing: Standing, **differs: object) -> Grant | Decline:
    return decide(a_proposal(**differs), standing, now=NOW, calendar=CALENDAR)


@pytest.mark.requirement("XC-20")
@pytest.mark.requirement("XC-21")
def test_reasons_are_asked_in_their_order() -> None:
    standing, given = EVERYTHING, list[Because]()
    guard = standing.guard
    for lifted in (
        Guard(PortabilityState.NONE, do_not_call=True, allowed=False, status=guard.status),
        Guard(do_not_call=False, allowed=False, status=guard.status),
        Guard(status=guard.status),
        Guard(),
    ):
        answer = decided(standing)
        assert isinstance(answer, Decline)
        assert answer.again_at is None, "these refusals are final"
        given.append(answer.because)
        standing = replace(standing, guard=lifted)
    for lifted_standing in (
        replace(standing, frozen_until=None),
        replace(standing, frozen_until=None, open_grant=None),
        FREE,
    ):
        answer = decided(standing)
        assert isinstance(answer, Decline)
        given.append(answer.because)
        standing = lifted_standing

    assert given == [
        "portability",
        "do_not_call",
        "no_consent",
        "frozen",
        "frozen",
        "weaker",
        "cap",
    ]
    assert decided(standing) == Grant(NOW)


@pytest.mark.requirement("XC-20")
@pytest.mark.parametrize(
    ("state", "refused"),
    [("none", False), ("queried", False), ("applied", True), ("ported_out", True)],
)
def test_a_question_about_porting_forbids_nothing_and_an_application_everything(
    state: str, *, refused: bool
) -> None:
    guard = Guard(portability=PortabilityState(state))

    assert (guard.refusal() is Because.PORTABILITY) is refused


@pytest.mark.parametrize(
    ("priority", "answer"),
    [
        (39, Decline(Because.WEAKER, NOW + CARRIED_OUT + CAP_WINDOW)),
        (40, Decline(Because.WEAKER, NOW + CARRIED_OUT + CAP_WINDOW)),
        (41, Grant(NOW, replaces=replace(WEAK_GRANT, priority=40))),
    ],
)
def test_only_a_strictly_higher_priority_replaces(priority: int, answer: Grant | Decline) -> None:
    standing = replace(FREE, open_grant=replace(WEAK_GRANT, priority=40))

    assert decided(standing, priority=priority) == answer


def test_what_is_weaker_may_come_again_once_the_stronger_ones_cap_is_over() -> None:
    tomorrow = NOW + timedelta(days=1)
    short = replace(FREE, open_grant=replace(WEAK_GRANT, valid_until=tomorrow))

    assert decided(short) == Decline(Because.WEAKER, tomorrow + CAP_WINDOW)


def test_a_grant_whose_time_is_over_gives_way_to_anybody() -> None:
    over = replace(WEAK_GRANT, valid_until=NOW)

    assert decided(replace(FREE, open_grant=over), priority=1) == Grant(NOW, replaces=over)
    assert isinstance(
        decided(replace(FREE, open_grant=replace(over, in_call=True)), priority=1), Decline
    )


def test_nobody_replaces_a_call_that_is_being_made() -> None:
    standing = replace(FREE, open_grant=replace(WEAK_GRANT, priority=40, in_call=True))

    assert decided(standing, priority=80) == Decline(Because.IN_CALL, NOW + BUSY_AGAIN)
    assert decided(standing, priority=40) == Decline(Because.WEAKER, NOW + CARRIED_OUT + CAP_WINDOW)


@pytest.mark.parametrize(
    ("ago", "granted"), [(timedelta(days=7), True), (timedelta(days=6, hours=23), False)]
)
def test_one_contact_in_seven_days(ago: timedelta, *, granted: bool) -> None:
    answer = decided(replace(FREE, reached_at=NOW - ago))

    assert isinstance(answer, Grant) is granted
    if isinstance(answer, Decline):
        assert answer == Decline(Because.CAP, NOW - ago + CAP_WINDOW)


@pytest.mark.parametrize(
    ("promised_at", "again_at"),
    [
        (NOW + timedelta(days=2), NOW + timedelta(days=9)),
        (NOW - timedelta(days=8), NOW + CAP_WINDOW),  # missed, but it may be made any moment
    ],
)
def test_a_promised_call_back_is_a_contact_that_the_cap_counts(
    promised_at: datetime, *, again_at: datetime
) -> None:
    standing = replace(FREE, reached_at=NOW - timedelta(days=10), promised_at=promised_at)

    assert decided(standing, priority=100) == Decline(Because.CAP, again_at)


@pytest.mark.parametrize(
    "standing",
    [replace(FREE, reached_at=NOW), replace(FREE, open_grant=WEAK_GRANT)],
    ids=["cap", "weaker"],
)
def test_a_second_attempt_names_no_third(standing: Standing) -> None:
    first, second = decided(standing), decided(standing, attempt=2)

    assert isinstance(first, Decline)
    assert isinstance(second, Decline)
    assert first.again_at is not None
    assert (second.because, second.again_at) == (first.because, None)


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (datetime(2026, 2, 27, 22, tzinfo=ZONE), datetime(2026, 2, 28, 9, tzinfo=ZONE)),  # 调休
        (datetime(2026, 2, 28, 21, tzinfo=ZONE), datetime(2026, 3, 2, 9, tzinfo=ZONE)),  # Sunday
        (datetime(2026, 2, 27, 11, tzinfo=ZONE), datetime(2026, 2, 27, 11, tzinfo=ZONE)),
        (datetime(2026, 2, 27, 8, tzinfo=ZONE), NOW),
    ],
)
def test_calling_hours_delay_and_never_decline(asked: datetime, granted: datetime) -> None:
    assert decided(FREE, not_before=asked) == Grant(granted)


def test_a_proposal_whose_time_is_over_before_anybody_may_call_is_declined() -> None:
    tonight = datetime(2026, 2, 27, 21, 30, tzinfo=ZONE)

    assert decided(FREE, valid_until=NOW) == Decline(Because.EXPIRED)
    beyond_calendars = datetime.max.replace(tzinfo=UTC)
    assert decided(FREE, not_before=beyond_calendars) == Decline(Because.EXPIRED)
    assert decided(FREE, not_before=tonight, valid_until=tonight + timedelta(hours=2)) == Decline(
        Because.EXPIRED
    )
