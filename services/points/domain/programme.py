"""The points programme: how points are earned, valued, reminded of and cleared (PT-08 to PT-17)."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

STANDARD = "standard"
"""The one programme of today; bills earn in it."""

FEN_PER_YUAN = 100
DECEMBER = 12

# One zone and no summer time: the trade's day begins at midnight here.
CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Programme:
    """One version of the parameters; every entry names the version it was made under."""

    code: str
    version: int
    valid_from: date
    points_per_yuan: int = 1  # PT-12: at 2 fen a point this returns 2 %
    point_value_fen: int = 2  # PT-08: 50 points are one yuan
    year_ends_month: int = 11  # PT-15: the points year runs December to November
    clearing_month: int = 4  # PT-16 names no date: 30 April of the year after the cohort's
    clearing_day: int = 30
    grace_days: int = 0
    reminder_days: tuple[int, ...] = (60, 30, 7)  # before clearing (PT-17)
    reminder_points_min: int = 3_000
    reminder_tiers: tuple[str, ...] = ("diamond", "gold", "silver")
    reminders_per_day_max: int = 500
    silver_points_min: int = 3_000  # PT-27, PT-26, PT-25: points of a whole points year
    gold_points_min: int = 6_000
    diamond_points_min: int = 11_000

    def points_for(self, amount_fen: int) -> int:
        """Whole points for a bill, rounded down: 199 fen earn 1 point, 99 fen earn none (PT-12)."""
        return amount_fen * self.points_per_yuan // FEN_PER_YUAN

    def value_fen(self, points: int) -> int:
        """What points are worth at redemption; linear, no steps (PT-08, PT-09)."""
        return points * self.point_value_fen

    def cohort_of(self, day: date) -> int:
        """The points year a business day belongs to, named by the year it ends in (PT-15).

        1 December 2025 to 30 November 2026 is cohort 2026.
        """
        return day.year + (day.month > self.year_ends_month)

    def first_day(self, cohort: int) -> date:
        if self.year_ends_month == DECEMBER:
            return date(cohort, 1, 1)
        return date(cohort - 1, self.year_ends_month + 1, 1)

    def clears_on(self, cohort: int) -> date:
        """The day on which what is left of a cohort clears (PT-16), with its grace."""
        day = date(cohort + 1, self.clearing_month, self.clearing_day)
        return day + timedelta(days=self.grace_days)

    def reminds_on(self, clears_on: date) -> date | None:
        """The day of the first reminder before points clear; None if the programme has none."""
        return clears_on - timedelta(days=max(self.reminder_days)) if self.reminder_days else None


class UnknownProgramme(Exception):  # noqa: N818 - an answer that the caller turns into its own.
    """No version of this programme was in force on that day."""


@dataclass(frozen=True)
class Terms:
    """What points of one day are posted by."""

    programme: Programme
    cohort: int
    clears_on: date
    reminds_on: date | None


@dataclass(frozen=True)
class Programmes:
    """Every version of every programme: what is posted depends on the event's day, not on today."""

    versions: tuple[Programme, ...]
    # A run of bills asks for the same few months again and again.
    _terms: dict[tuple[str, date], Terms] = field(
        default_factory=dict[tuple[str, date], Terms], init=False, repr=False, compare=False
    )

    def terms(self, code: str, day: date) -> Terms:
        """What a programme says of points that are earned on a day.

        Raises:
            UnknownProgramme: there was none on that day, or when the day's cohort began.
        """
        found = self._terms.get((code, day))
        if found is None:
            programme = self.in_force(code, day)
            cohort = programme.cohort_of(day)
            clears_on = self.clears_on(programme, cohort)
            found = Terms(programme, cohort, clears_on, programme.reminds_on(clears_on))
            self._terms[code, day] = found
        return found

    def in_force(self, code: str, day: date) -> Programme:
        """The newest version whose day had come.

        Raises:
            UnknownProgramme: there was none.
        """
        begun = [v for v in self.versions if v.code == code and v.valid_from <= day]
        if not begun:
            raise UnknownProgramme(f"no programme {code} on {day.isoformat()}")
        return max(begun, key=lambda v: (v.valid_from, v.version))

    def clears_on(self, programme: Programme, cohort: int) -> date:
        """When a cohort clears: by the version its points year began under.

        So it is the same for every posting of the cohort, in whatever order they come.

        Raises:
            UnknownProgramme: the cohort began before the programme did.
        """
        first_day = programme.first_day(cohort)
        return self.in_force(programme.code, first_day).clears_on(cohort)


def month_start(month: str) -> date:
    """The first day of a bill month `YYYY-MM`: the business date of what the bill earns."""
    year, number = month.split("-")
    return date(int(year), int(number), 1)


def business_day(moment: datetime) -> date:
    """The trade's day at a moment of business time."""
    return moment.astimezone(CHINA).date()


def day_begins(day: date) -> datetime:
    """The first moment of a trade's day."""
    return datetime.combine(day, time(), CHINA)
