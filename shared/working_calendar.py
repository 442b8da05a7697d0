"""Working days and working time of mainland China, make-up days (调休) included.

Every answer can name its source: the calendar's version, the day's kind, whether the year's notice
was published. An unpublished year is computed and flagged; nothing here ends at a new year.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from holidays import country_holidays
from pydantic import BaseModel, ConfigDict

ZONE = ZoneInfo("Asia/Shanghai")
OPENS = time(9)
CLOSES = time(18)

SATURDAY = 5
# The longest closure of the last decade had ten days; a file that leaves no working day in a year
# is broken, and a search through it must end.
CLOSURE_DAYS_MAX = 366


class DayKind(StrEnum):
    """Why a day counts as it does."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # a statutory holiday, or a weekday given for one
    MAKEUP_DAY = "makeup_day"  # 调休: a day of the weekend that counts
    LOCAL = "local"  # a local festival or closure of this unit


@dataclass(frozen=True)
class Day:
    """One day's answer and where it comes from."""

    date: date
    working: bool
    kind: DayKind
    name_zh: str
    name_en: str
    confirmed: bool
    source: str


class NoWorkingDay(Exception):  # noqa: N818 - the message says what to do.
    """The calendar file leaves no working day within a year."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Year(_Frozen):
    """What a published notice says beyond the computed calendar."""

    confirmed: bool
    notice: str
    days_off: frozenset[date] = frozenset()
    makeup_days: frozenset[date] = frozenset()


class LocalDay(_Frozen):
    """A day that one unit, and all below it, keeps differently."""

    date: date
    working: bool
    name_zh: str
    name_en: str
    notice: str


class CalendarFile(_Frozen):
    """shared/calendars/cn.yaml."""

    version: str
    years: Mapping[int, Year]
    units: Mapping[str, tuple[LocalDay, ...]]


def load_calendar(file: Path | None = None) -> "WorkingCalendar":
    """The shipped calendar, or an operator's own file."""
    shipped = resources.files("shared") / "calendars" / "cn.yaml"
    text = (file or shipped).read_text(encoding="utf-8")
    return WorkingCalendar(CalendarFile.model_validate(yaml.safe_load(text)))


class WorkingCalendar:
    """The calendar as one unit of the organisation sees it; `unit` "" is the whole country."""

    def __init__(self, file: CalendarFile, *, unit: str = "") -> None:
        self._file = file
        self._base_zh = country_holidays("CN", language="zh_CN")
        self._base_en = country_holidays("CN", language="en_US")
        self._local = {
            day.date: day
            for code in sorted(file.units)  # a shorter code first, so that the nearer unit wins
            if unit.startswith(code)
            for day in file.units[code]
        }
        # Deadlines ask for the same few days again and again.
        self._explained: dict[date, Day] = {}

    @cached_property
    def version(self) -> str:
        """What a stored deadline names; a test refuses other days under the same version."""
        return self._file.version

    def of_unit(self, unit: str) -> "WorkingCalendar":
        """This calendar with the local days of a county and what it belongs to."""
        return WorkingCalendar(self._file, unit=unit)

    def is_confirmed(self, year: int) -> bool:
        """Whether the year's notice was published and compared with this calendar."""
        listed = self._file.years.get(year)
        return listed is not None and listed.confirmed

    def is_working_day(self, day: date) -> bool:
        return self.explain(day).working

    def explain(self, day: date) -> Day:
        """Whether `day` counts, and why."""
        known = self._explained.get(day)
        if known is None:
            known = self._explained[day] = self._explain(day)
        return known

    def _explain(self, day: date) -> Day:
        local = self._local.get(day)
        if local is not None:
            names = local.name_zh, local.name_en
            return self._day(day, DayKind.LOCAL, names, working=local.working, source=local.notice)
        listed = self._file.years.get(day.year)
        source = listed.notice if listed is not None else "computed, no notice published yet"
        kind = self._kind(day, listed)
        working = kind in (DayKind.WEEKDAY, DayKind.MAKEUP_DAY)
        return self._day(day, kind, self._names(day, kind), working=working, source=source)

    def skipped(self, first: date, last: date) -> tuple[Day, ...]:
        """The days from `first` to `last`, both included, that do not count, each with its why."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return tuple(found for found in map(self.explain, days) if not found.working)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return next(self._working_days(day + timedelta(days=1), step=1))

    def add_working_time(self, start: datetime, amount: timedelta) -> datetime:
        """The moment when `amount` of working time has passed since `start`.

        Working time that ends with a day ends at its close, not at the next day's opening.
        """
        local = start.astimezone(ZONE)
        for day in self._working_days(local.date(), step=1):
            begin = max(local, _at(day, OPENS))
            if begin + amount <= _at(day, CLOSES):
                return begin + amount
            amount -= max(timedelta(), _at(day, CLOSES) - begin)
        raise AssertionError("working days have no end")

    def subtract_working_time(self, end: datetime, amount: timedelta) -> datetime:
        """The moment from which `amount` of working time passes until `end`."""
        local = end.astimezone(ZONE)
        for day in self._working_days(local.date(), step=-1):
            until = min(local, _at(day, CLOSES))
            if until - amount >= _at(day, OPENS):
                return until - amount
            amount -= max(timedelta(), until - _at(day, OPENS))
        raise AssertionError("working days have no end")

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; none if `end` is not after `start`."""
        first, last = start.astimezone(ZONE), end.astimezone(ZONE)
        total = timedelta()
        for number in range((last.date() - first.date()).days + 1):
            day = first.date() + timedelta(days=number)
            if self.is_working_day(day):
                begin, until = max(first, _at(day, OPENS)), min(last, _at(day, CLOSES))
                total += max(timedelta(), until - begin)
        return total

    def _working_days(self, day: date, *, step: int) -> Iterator[date]:
        idle = 0
        while True:
            if self.is_working_day(day):
                idle = 0
                yield day
            else:
                idle += 1
            if idle > CLOSURE_DAYS_MAX:
                raise NoWorkingDay(f"no working day around {day}: mend the calendar file")
            day += timedelta(days=step)

    def _kind(self, day: date, listed: Year | None) -> DayKind:
        weekend = day.weekday() >= SATURDAY
        if listed is not None and day in listed.makeup_days:
            return DayKind.MAKEUP_DAY
        if listed is not None and day in listed.days_off:
            return DayKind.HOLIDAY
        if self._base_zh.is_working_day(day):
            return DayKind.MAKEUP_DAY if weekend else DayKind.WEEKDAY
        return DayKind.HOLIDAY if day in self._base_zh else DayKind.WEEKEND

    def _names(self, day: date, kind: DayKind) -> tuple[str, str]:
        match kind:
            case DayKind.HOLIDAY:
                return (
                    self._base_zh.get(day, default="休息日") or "",
                    self._base_en.get(day, default="Day off") or "",
                )
            case DayKind.MAKEUP_DAY:
                return "调休上班", "Make-up working day"
            case DayKind.WEEKEND:
                return "周末", "Weekend"
            case _:
                return "工作日", "Working day"

    def _day(
        self, day: date, kind: DayKind, names: tuple[str, str], *, working: bool, source: str
    ) -> Day:
        return Day(
            date=day,
            working=working,
            kind=kind,
            name_zh=names[0],
            name_en=names[1],
            confirmed=self.is_confirmed(day.year),
            source=source,
        )


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, ZONE)
