"""What a branch hears of its orders, who else hears of it, and that no person is in it (TK-06)."""

from datetime import datetime

import pytest
from notice_facts import OVERDUE, a_notice, at
from order_facts import CALENDAR, FRIDAY, an_order

from services.ticketing.domain.notices import Notice, NoticeKind, addressees, notice_of
from services.ticketing.domain.order import Move
from services.ticketing.domain.states import Act


def moved(act: Act, *, note: str | None = None, when: datetime = FRIDAY) -> Move:
    return Move(an_order(), act, "chen", when, None, note=note)


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("call 13812348000 again", "call *** again"),
        ("call +86 138-1234-8000", "call ***"),
        ("ask １３８１２３４８０００", "ask ***"),
        ("see 260305-000131, 2 of 3", "see 260305-000131, 2 of 3"),
    ],
)
def test_a_reason_carries_no_number_of_a_person(note: str, kept: str) -> None:
    notice = notice_of(moved(Act.SEND_BACK, note=note), CALENDAR)

    assert notice is not None
    assert notice.reason == kept


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (Act.DISPATCH, NoticeKind.NEW),
        (Act.REDISPATCH, NoticeKind.NEW),
        (Act.WARN, NoticeKind.DUE_SOON),
        (Act.BREACH, NoticeKind.OVERDUE),
        (Act.ESCALATE, NoticeKind.OVERDUE),
        (Act.SEND_BACK, NoticeKind.SENT_BACK),
        (Act.REOPEN, NoticeKind.SENT_BACK),
    ],
)
def test_a_branch_hears_of_what_it_must_act_on(act: Act, kind: NoticeKind) -> None:
    notice = notice_of(moved(act), CALENDAR)

    assert notice is not None
    assert notice.kind is kind


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.COMPLETE, Act.VERIFY, Act.CANCEL])
def test_a_branch_is_not_told_of_its_own_acts(act: Act) -> None:
    assert notice_of(moved(act), CALENDAR) is None


def test_time_left_is_working_time() -> None:
    """Due on Saturday the 28th, a make-up day, at 18:00; the day before closes at 18:00."""
    notice = notice_of(moved(Act.WARN, when=at(2, 27, 17)), CALENDAR)

    assert notice is not None
    assert notice.working_seconds == 10 * 3_600


def test_mail_goes_to_the_branch_and_to_the_department_that_it_is_escalated_to() -> None:
    assert _mailed(a_notice()) == ["990101"]
    assert _mailed(OVERDUE) == ["990101", "9901"]
    posted = [to.unit for to in addressees(OVERDUE) if to.channel == "webhook"]
    assert posted == ["99", "9901", "990101"]


def _mailed(notice: Notice) -> list[str]:
    return [to.unit for to in addressees(notice) if to.channel == "mail"]
