"""The points programme: how points are earned, valued and cleared (PT-08 to PT-17)."""

from dataclasses import dataclass
from datetime import date

FEN_PER_YUAN = 100


@dataclass(frozen=True)
class Programme:
    """One version of the programme's parameters; a posting names the version it used."""

    code: str
    version: int
    points_per_yuan: int = 1  # PT-12: 1 point per yuan at 2 fen a point returns 2 %
    point_value_fen: int = 2  # PT-08: 50 points are one yuan
    year_ends_month: int = 11  # PT-15: the points year runs December to November
    clearing_month: int = 4  # PT-16 names no date: 30 April of the following year
    clearing_day: int = 30
    grace_days: int = 0
    reminder_days: tuple[int, ...] = (60, 30, 7)  # PT-17
    reminder_points_min: int = 3_000

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

    def clears_on(self, cohort: int) -> date:
        """The day on which what is left of a cohort clears (PT-16); grace is added to it."""
        day = date(cohort + 1, self.clearing_month, self.clearing_day)
        return date.fromordinal(day.toordinal() + self.grace_days)


STANDARD = Programme(code="standard", version=1)


def month_start(month: str) -> date:
    """The first day of a bill month `YYYY-MM`: the business date of what the bill earns."""
    year, number = month.split("-")
    return date(int(year), int(number), 1)
