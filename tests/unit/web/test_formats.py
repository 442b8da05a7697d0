"""Figures, times and persons as people read them, in both languages."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.web.pages import formats
from shared.web.pages.words import Language, words_of

ZH, EN = words_of(Language.ZH), words_of(Language.EN)
# Thursday 5 March 2026, 14:40 in Shanghai.
NOW = datetime(2026, 3, 5, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "shown"), [(12_580, "12,580"), (0, "0"), (-3, "−3"), (None, "—")]
)
def test_a_count_has_its_thousands_apart_and_unknown_is_no_zero(
    number: int | None, shown: str
) -> None:
    assert formats.count(number) == shown


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(123_450, "¥1,234.50"), (-1_200, "−¥12.00"), (5, "¥0.05"), (0, "¥0.00"), (None, "—")],
)
def test_money_is_shown_in_yuan_with_two_places(fen: int | None, shown: str) -> None:
    assert formats.money(fen) == shown


def test_points_say_what_they_are_worth() -> None:
    assert formats.points(12_580, ZH, worth_fen=25_160) == "12,580 分（≈¥251.60）"
    assert formats.points(12_580, EN, worth_fen=25_160) == "12,580 pts (≈ ¥251.60)"
    assert formats.points(None, EN) == "—"


def test_a_rate_has_one_place_and_its_change_is_said_in_words() -> None:
    assert formats.rate(0.83) == "83.0%"
    assert formats.change(0.0123, ZH, sample=30) == "升 1.2 个百分点"
    assert formats.change(-0.0123, EN, sample=30) == "down 1.2 pp"
    assert formats.change(0.00001, EN, sample=30) == "unchanged"
    assert formats.change(0.5, ZH, sample=12) == "样本少（n=12）"


@pytest.mark.parametrize(
    ("span", "zh", "en"),
    [
        (timedelta(seconds=42), "42 秒", "42 s"),
        (timedelta(minutes=20, seconds=59), "20 分钟", "20 min"),
        (timedelta(hours=3, minutes=20), "3 小时 20 分钟", "3 h 20 min"),
        (timedelta(hours=3), "3 小时", "3 h"),
        (timedelta(days=1, hours=2, minutes=9), "1 天 2 小时", "1 day 2 h"),
        (timedelta(days=-2), "2 天", "2 days"),
    ],
)
def test_a_duration_has_two_units_at_most(span: timedelta, zh: str, en: str) -> None:
    assert (formats.duration(span, ZH), formats.duration(span, EN)) == (zh, en)


def test_working_days_are_counted() -> None:
    assert formats.working_days(2, ZH) == "2 个工作日"
    assert formats.working_days(1, EN) == "1 working day"


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        (NOW - timedelta(seconds=59), "刚刚", "just now"),
        (NOW - timedelta(minutes=12), "12 分钟前", "12 min ago"),
        (NOW - timedelta(hours=3), "3 小时前", "3 h ago"),
        (datetime(2026, 3, 4, 6, 30, tzinfo=UTC), "昨天 14:30", "yesterday 14:30"),
        (datetime(2026, 3, 2, 6, 30, tzinfo=UTC), "03-02 14:30", "2 Mar 14:30"),
        (datetime(2025, 3, 5, 6, 30, tzinfo=UTC), "2025-03-05 14:30", "5 Mar 2025 14:30"),
    ],
)
def test_what_is_past_is_told_by_how_long_ago(at: datetime, zh: str, en: str) -> None:
    assert (formats.past(at, NOW, ZH), formats.past(at, NOW, EN)) == (zh, en)


def test_the_full_time_has_seconds() -> None:
    assert formats.full_time(NOW, ZH) == "2026-03-05 14:40:00"
    assert formats.full_time(NOW, EN) == "5 Mar 2026 14:40:00"


@pytest.mark.parametrize(
    ("due", "zh", "en"),
    [
        (
            datetime(2026, 3, 5, 10, tzinfo=UTC),
            "今天 18:00 前 · 剩 3 小时 20 分钟",
            "by today 18:00 · 3 h 20 min left",
        ),
        (
            datetime(2026, 3, 6, 10, tzinfo=UTC),
            "明天 18:00 前 · 剩 1 天 3 小时",
            "by tomorrow 18:00 · 1 day 3 h left",
        ),
        (
            datetime(2026, 3, 9, 10, tzinfo=UTC),
            "周一 18:00 前 · 剩 4 天 3 小时",
            "by Mon 18:00 · 4 days 3 h left",
        ),
        (
            datetime(2026, 3, 12, 10, tzinfo=UTC),
            "03-12 18:00 前 · 剩 7 天 3 小时",
            "by 12 Mar 18:00 · 7 days 3 h left",
        ),
        (
            datetime(2026, 3, 5, 4, 35, tzinfo=UTC),
            "今天 12:35 前 · 已超时 2 小时 5 分钟",
            "by today 12:35 · Overdue 2 h 5 min",
        ),
    ],
)
def test_a_deadline_says_the_moment_first_and_then_what_is_left(
    due: datetime, zh: str, en: str
) -> None:
    assert (formats.deadline(due, NOW, ZH), formats.deadline(due, NOW, EN)) == (zh, en)


def test_a_make_up_day_is_named() -> None:
    due = datetime(2026, 10, 10, 10, tzinfo=UTC)

    assert formats.due_by(due, NOW, ZH, makeup_day=True) == "10-10 周六（调休上班）18:00 前"
    assert formats.due_by(due, NOW, EN, makeup_day=True) == (
        "by Sat 10 Oct (make-up working day) 18:00"
    )


def test_a_range_of_dates_says_its_month_once_in_english() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)

    assert formats.date_range(first, last, ZH) == "2026-03-01 ~ 2026-03-31"
    assert formats.date_range(first, last, EN) == "1–31 Mar 2026"
    assert formats.date_range(date(2026, 2, 1), last, EN) == "1 Feb – 31 Mar 2026"
    assert formats.date_range(date(2025, 12, 1), last, EN) == "1 Dec 2025 – 31 Mar 2026"


def test_persons_are_masked_and_read_aloud() -> None:
    assert formats.masked_phone("13812348000") == "138****8000"
    assert formats.masked_phone("02885551234") == "028****1234"
    assert formats.masked_phone("10086") == "****"
    assert [formats.masked_name(name) for name in ("张晓明", "王芳", "李")] == [
        "张*明",
        "王*",
        "李*",
    ]
    assert formats.hidden_number("8000", ZH) == "号码已隐藏，尾号 8000"
    assert formats.card("4417", EN) == "ends 4417"
