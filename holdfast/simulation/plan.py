"""What will happen to whom: the planted causes, the near misses, and what counters will do.

A customer carries at most one planted cause, so that what Holdfast finds can be counted against it.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

import numpy as np

from holdfast.simulation.population import Ints, Population, Row
from holdfast.simulation.window import BEGINS, CUT_OVER, ENDS, days
from shared.working_calendar import ZONE, WorkingCalendar

FULL_SIZE = 50_000
"""The population that the counts below are meant for; a smaller one gets its share of them."""

PLUNGE_MEAN_FEN_MIN = 6_000  # the rule looks at means of 50 yuan and more (AL-01)
ENDING_DAYS = (2, 28)  # a planted contract ends within 30 days of any day of the story (AL-06)
OTHERS_DAYS = (50, 720)  # more than 45 days even from the last day
CONTRACT_SHARE = 0.7


class Cause(StrEnum):
    """Why a customer may be lost, or nearly looks like it."""

    CONTRACT_EXPIRY = "contract_expiry"
    BILL_PLUNGE = "bill_plunge"
    SILENCE = "silence"
    FORWARDING = "forwarding"
    COUNTER = "counter"
    NEAR_PLUNGE = "near_plunge"
    NEAR_FORWARDING = "near_forwarding"
    NEAR_SILENCE = "near_silence"


RULES = {
    Cause.CONTRACT_EXPIRY: "AL-06",
    Cause.BILL_PLUNGE: "AL-01",
    Cause.SILENCE: "AL-28",
    Cause.FORWARDING: "AL-02",
    Cause.COUNTER: "AL-04",
}
"""The rule that must find a planted cause; a near miss has none."""

COUNTS = {
    Cause.CONTRACT_EXPIRY: 1_200,
    Cause.BILL_PLUNGE: 400,
    Cause.SILENCE: 200,
    Cause.FORWARDING: 150,
    Cause.COUNTER: 30,
    Cause.NEAR_PLUNGE: 400,
    Cause.NEAR_FORWARDING: 300,
    Cause.NEAR_SILENCE: 300,
}
PORTABILITY = 6
REDEMPTIONS = 240
REVERSALS = 24
SMALLEST = 2  # of anything, however few customers there are


@dataclass(frozen=True)
class Planted:
    """One customer's cause; `at` is when it happened, so that nothing may be found before."""

    row: Row
    cause: Cause
    at: datetime


@dataclass(frozen=True)
class AtCounter:
    """Something that happens once, at a moment of the story."""

    row: Row
    at: datetime
    reference: str


@dataclass(frozen=True)
class Plan:
    """The story of one seed, before anybody acts."""

    seed: int
    planted: tuple[Planted, ...]
    contract_ends: Ints
    """Days from the first day of the story to the contract's end, 0 for no contract."""
    february_fen: Ints
    portability: tuple[AtCounter, ...]
    redemptions: tuple[AtCounter, ...]
    reversals: int
    by_cause: dict[Cause, tuple[Planted, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = {c: tuple(p for p in self.planted if p.cause is c) for c in Cause}
        object.__setattr__(self, "by_cause", found)

    def rows(self, cause: Cause) -> Ints:
        return np.array([planted.row for planted in self.by_cause[cause]], np.int64)

    def moments(self, cause: Cause) -> Ints:
        """When the causes happened, in microseconds, in the order of `rows`."""
        found = [int(planted.at.timestamp() * 1e6) for planted in self.by_cause[cause]]
        return np.array(found, np.int64)


def share_of(count: int, customers: int) -> int:
    """A full population's count for `customers`; exactly it from the full size on."""
    return min(count, max(SMALLEST, round(count * customers / FULL_SIZE)))


def make_plan(population: Population, calendar: WorkingCalendar) -> Plan:
    """Deal the causes out; the same population always gets the same plan."""
    generator = np.random.default_rng([population.seed, population.size, 1])
    planted = _dealt(generator, population, calendar)
    rows = {c: np.array([p.row for p in planted if p.cause is c], np.int64) for c in Cause}
    opening = _daytimes(generator, calendar, share_of(REDEMPTIONS, population.size))
    able = _rich_in_points(population)
    chosen = generator.choice(able, min(len(opening), len(able)), replace=False).tolist()
    return Plan(
        seed=population.seed,
        planted=planted,
        contract_ends=_contract_ends(generator, population, rows[Cause.CONTRACT_EXPIRY]),
        february_fen=_february(generator, population, rows),
        portability=_portability(rows[Cause.CONTRACT_EXPIRY], population.size),
        redemptions=tuple(
            AtCounter(row, at, f"redemption-{number:04d}")
            for number, (row, at) in enumerate(zip(chosen, opening, strict=False), start=1)
        ),
        reversals=share_of(REVERSALS, population.size),
    )


def _dealt(
    generator: np.random.Generator, population: Population, calendar: WorkingCalendar
) -> tuple[Planted, ...]:
    """Disjoint customers for every cause: first those who must have paid enough to plunge."""
    order = generator.permutation(population.size)
    paying = order[population.recent_mean_fen[order] >= PLUNGE_MEAN_FEN_MIN]
    counts = {cause: share_of(count, population.size) for cause, count in COUNTS.items()}
    picky = (Cause.BILL_PLUNGE, Cause.NEAR_PLUNGE)
    free = iter(paying.tolist())
    rows = {cause: [next(free) for _ in range(counts[cause])] for cause in picky}
    taken = {row for chosen in rows.values() for row in chosen}
    rest = iter([row for row in order.tolist() if row not in taken])
    for cause in Cause:
        if cause not in picky:
            rows[cause] = [next(rest) for _ in range(counts[cause])]
    return tuple(
        Planted(row, cause, at)
        for cause in Cause
        for row, at in zip(
            rows[cause], _moments(generator, calendar, cause, counts[cause]), strict=True
        )
    )


def _moments(
    generator: np.random.Generator, calendar: WorkingCalendar, cause: Cause, count: int
) -> list[datetime]:
    """When the causes happen: early enough to be found, and called about, before the story ends."""
    match cause:
        case Cause.SILENCE:
            # 72 h later it is Sunday, or Monday before noon.
            return _between(generator, BEGINS - timedelta(hours=22), timedelta(hours=27), count)
        case Cause.NEAR_SILENCE:
            return _between(generator, BEGINS - timedelta(hours=12), timedelta(hours=10), count)
        case Cause.FORWARDING | Cause.NEAR_FORWARDING | Cause.COUNTER:
            return _daytimes(generator, calendar, count)
        case _:
            return [CUT_OVER] * count


def _between(
    generator: np.random.Generator, begin: datetime, spread: timedelta, count: int
) -> list[datetime]:
    seconds = generator.integers(0, int(spread.total_seconds()), count).tolist()
    return [begin + timedelta(seconds=second) for second in sorted(seconds)]


def _daytimes(
    generator: np.random.Generator, calendar: WorkingCalendar, count: int
) -> list[datetime]:
    """Moments when a counter is open and there is time to finish, evenly over the working days."""
    found: list[datetime] = []
    open_days = [d for d in days(BEGINS.date(), ENDS.date()) if calendar.is_working_day(d)]
    for number in range(count):
        opens = datetime.combine(open_days[number % len(open_days)], time(9, 15), ZONE)
        found.append(opens + timedelta(seconds=int(generator.integers(0, 5 * 3_600))))
    return sorted(found)


def _contract_ends(generator: np.random.Generator, population: Population, ending: Ints) -> Ints:
    ends = generator.integers(OTHERS_DAYS[0], OTHERS_DAYS[1], population.size)
    ends[generator.random(population.size) > CONTRACT_SHARE] = 0
    ends[ending] = generator.integers(ENDING_DAYS[0], ENDING_DAYS[1], len(ending))
    return ends


def _february(
    generator: np.random.Generator, population: Population, rows: dict[Cause, Ints]
) -> Ints:
    """February's bills: an ordinary month but for those who plunge, or nearly do."""
    share = generator.uniform(0.88, 1.12, population.size)
    plunging = rows[Cause.BILL_PLUNGE]
    share[plunging] = generator.uniform(0.2, 0.6, len(plunging))
    share[rows[Cause.NEAR_PLUNGE]] = 0.76  # 24 % down, where 30 % are a plunge
    return (population.recent_mean_fen * share).astype(np.int64)


def _portability(expiring: Ints, customers: int) -> tuple[AtCounter, ...]:
    """Between task and call: the contract's end is seen on cut-over day, calls begin at nine."""
    early = datetime.combine(BEGINS.date(), time(8, 15), ZONE)
    return tuple(
        AtCounter(row, early + timedelta(minutes=3 * number), f"portability-{number:02d}")
        for number, row in enumerate(expiring[: share_of(PORTABILITY, customers)].tolist())
    )


def _rich_in_points(population: Population) -> Ints:
    left = population.clearing_granted - population.clearing_spent
    return np.flatnonzero(left >= 1_500)  # noqa: PLR2004 - three times a redemption's points.
