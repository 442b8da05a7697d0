"""Figures, times and persons as people read them: one pure function for each kind of thing.

Everything is in the time of Asia/Shanghai. Unknown is a dash, zero is 0. The word 分 belongs to
points alone: money is in yuan, minutes are 分钟.
"""

from datetime import date, datetime, timedelta

from babel.dates import format_datetime

from shared.web.pages.words import Language, Words
from shared.working_calendar import ZONE

UNKNOWN = "—"
MINUS = "−"
SAMPLE_MIN = 30  # below, a rate says nothing about a trend

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_WEEK_DAYS = 7
_PHONE_DIGITS = 11
_PAIR = 2
_TAIL_SHOWN = 8  # of a shorter number four digits would be half of it


def count(number: int | None) -> str:
    """12,580 · 0 · — if nobody knows."""
    return UNKNOWN if number is None else f"{number:,}".replace("-", MINUS)


def money(fen: int | None) -> str:
    """¥1,234.50, from fen; fen themselves are never shown."""
    if fen is None:
        return UNKNOWN
    yuan, rest = divmod(abs(fen), 100)
    return f"{MINUS if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def points(number: int | None, words: Words, *, worth_fen: int | None = None) -> str:
    """12,580 分（≈¥251.60）; what they are worth is the programme's to say."""
    if number is None:
        return UNKNOWN
    if worth_fen is None:
        return words.t("{points} pts", points=count(number))
    return words.t("{points} pts (≈ {money})", points=count(number), money=money(worth_fen))


def rate(share: float | None) -> str:
    """0.83 is 83.0%."""
    return UNKNOWN if share is None else f"{share * 100:.1f}%".replace("-", MINUS)


def change(difference: float, words: Words, *, sample: int) -> str:
    """Against an earlier period, in percentage points and words; no trend from a small sample."""
    if sample < SAMPLE_MIN:
        return words.t("small sample (n={n})", n=sample)
    pp = f"{abs(difference) * 100:.1f}"
    if float(pp) == 0:
        return words.t("unchanged")
    return words.t("up {pp} pp", pp=pp) if difference > 0 else words.t("down {pp} pp", pp=pp)


def duration(span: timedelta, words: Words) -> str:
    """3 小时 20 分钟: two units at most, the smaller one left out if it is none."""
    seconds = int(abs(span.total_seconds()))
    if seconds < _MINUTE:
        return words.t("{n} s", n=seconds)
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    if days:
        return _two(words.tn("{n} day", "{n} days", days), hours, words.t("{n} h", n=hours))
    if hours:
        return _two(words.t("{n} h", n=hours), minutes, words.t("{n} min", n=minutes))
    return words.t("{n} min", n=minutes)


def working_days(number: int, words: Words) -> str:
    return words.tn("{n} working day", "{n} working days", number)


def _two(larger: str, smaller: int, text: str) -> str:
    return f"{larger} {text}" if smaller else larger


def past(at: datetime, now: datetime, words: Words) -> str:
    """刚刚 · 12 分钟前 · 3 小时前 · 昨天 14:30 · 03-05 14:30 · 2025-03-05 14:30."""
    seconds = int((now - at).total_seconds())
    if seconds < _MINUTE:
        return words.t("just now")
    if seconds < _HOUR:
        return words.t("{n} min ago", n=seconds // _MINUTE)
    there, here = at.astimezone(ZONE), now.astimezone(ZONE)
    if there.date() == here.date():
        return words.t("{n} h ago", n=seconds // _HOUR)
    if there.date() == here.date() - timedelta(days=1):
        return words.t("yesterday {time}", time=clock_time(at))
    return _dated(there, words, with_year=there.year != here.year)


def full_time(at: datetime, words: Words) -> str:
    """To the second, for hover, focus and print."""
    pattern = {Language.ZH: "yyyy-MM-dd HH:mm:ss", Language.EN: "d MMM yyyy HH:mm:ss"}
    return _formatted(at.astimezone(ZONE), pattern[words.language], words)


def clock_time(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%H:%M")


def _dated(local: datetime, words: Words, *, with_year: bool) -> str:
    patterns = {
        (Language.ZH, False): "MM-dd HH:mm",
        (Language.ZH, True): "yyyy-MM-dd HH:mm",
        (Language.EN, False): "d MMM HH:mm",
        (Language.EN, True): "d MMM yyyy HH:mm",
    }
    return _formatted(local, patterns[words.language, with_year], words)


def _formatted(local: datetime, pattern: str, words: Words) -> str:
    return format_datetime(local, pattern, tzinfo=ZONE, locale=str(words.language))


def deadline(due: datetime, now: datetime, words: Words, *, makeup_day: bool = False) -> str:
    """今天 18:00 前 · 剩 3 小时 20 分钟: the moment first, then what is left of it."""
    left = duration(due - now, words)
    state = words.t("Overdue {t}", t=left) if due < now else words.t("{t} left", t=left)
    return f"{due_by(due, now, words, makeup_day=makeup_day)} · {state}"


def due_by(due: datetime, now: datetime, words: Words, *, makeup_day: bool = False) -> str:
    """Today, tomorrow, a day of this week, or a date; a make-up working day is named as such."""
    there, here = due.astimezone(ZONE), now.astimezone(ZONE)
    days = (there.date() - here.date()).days
    time = clock_time(due)
    if makeup_day:
        return words.t(
            "by {day} (make-up working day) {time}", day=_weekday_date(there, words), time=time
        )
    if days == 0:
        return words.t("by today {time}", time=time)
    if days == 1:
        return words.t("by tomorrow {time}", time=time)
    if 1 < days < _WEEK_DAYS:
        return words.t("by {day} {time}", day=_formatted(there, "EEE", words), time=time)
    return words.t("by {moment}", moment=_dated(there, words, with_year=there.year != here.year))


def _weekday_date(local: datetime, words: Words) -> str:
    pattern = {Language.ZH: "MM-dd EEE", Language.EN: "EEE d MMM"}[words.language]
    return _formatted(local, pattern, words)


def date_range(first: date, last: date, words: Words) -> str:
    """2026-03-01 ~ 2026-03-31, and 1–31 Mar 2026."""
    if words.language is Language.ZH:
        return f"{first.isoformat()} ~ {last.isoformat()}"
    end = _day(last, "d MMM yyyy", words)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    return f"{_day(first, 'd MMM' if first.year == last.year else 'd MMM yyyy', words)} – {end}"


def _day(day: date, pattern: str, words: Words) -> str:
    return _formatted(datetime(day.year, day.month, day.day, tzinfo=ZONE), pattern, words)


def masked_phone(number: str) -> str:
    """138****8000; what is no mobile number keeps its last four digits at most."""
    if len(number) == _PHONE_DIGITS:
        return f"{number[:3]}****{number[-4:]}"
    return f"****{number[-4:]}" if len(number) >= _TAIL_SHOWN else "****"


def masked_name(name: str) -> str:
    """张*明 · 王*: the family name and, of three or more characters, the last."""
    if len(name) <= _PAIR:
        return f"{name[:1]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def hidden_number(tail: str, words: Words) -> str:
    """What a screen reader says in place of a masked number."""
    return words.t("number hidden, ends {tail}", tail=tail)


def card(tail: str, words: Words) -> str:
    return words.t("ends {tail}", tail=tail)
