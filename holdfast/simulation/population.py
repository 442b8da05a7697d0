"""The customers of a province as columns, deterministic by seed (requirements §4, KP-18, KP-21)."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from holdfast.simulation.names import names
from holdfast.simulation.window import CUT_OVER
from shared.events.customers import Tier

Ints = NDArray[np.int64]
Row = int
"""A customer's place in the columns."""

COUNTIES = ("990101", "990102", "990103")
STORES_PER_COUNTY = 2
MANAGERS = tuple(f"manager-{number:02d}" for number in range(1, 13))
MANAGERS_PER_COUNTY = 4
TIERS = (Tier.DIAMOND, Tier.GOLD, Tier.SILVER, Tier.GUEST, Tier.NONE)
"""In the order in which they are dealt out, the highest revenue first."""

# KP-18 and KP-21: 62,131 diamond and gold and 236,475 silver customers are the top 32 %.
VALUED_SHARE = 0.32
DIAMOND_AND_GOLD_SHARE = VALUED_SHARE * 62_131 / (62_131 + 236_475)
DIAMOND_SHARE = DIAMOND_AND_GOLD_SHARE * 0.3
GUEST_SHARE = 0.18  # PT-28: mid and high customers without a card
# A log-normal whose top 32 % hold 78 % of the whole: z(0.68) - z(0.22) of the normal distribution.
REVENUE_SIGMA = 0.4677 + 0.7722
REVENUE_MEDIAN_FEN = 4_500

MONTHS = 12
DAYS = 28
BILL_NOISE = 0.10  # of an ordinary month, either way; far from the 30 % of a plunge
NUMBERS_FROM = 19_900_000_000
NUMBERS_SPREAD = 90_000_000
RECORDS_PER_DAY = (2, 4)
DAY_SECONDS = 86_400

# Annual points by tier, from and to (PT-25 to PT-27).
POINTS = ((11_000, 20_000), (6_000, 11_000), (3_000, 6_000), (1_000, 3_000), (100, 1_000))
COHORT_CLEARING = 2025
COHORT_RUNNING = 2026


@dataclass(frozen=True)
class Population:
    """One row a customer in every column; times are microseconds since 1970."""

    seed: int
    customer_id: Ints
    county: Ints
    store: Ints
    tier: Ints
    manager: Ints
    """Place in `MANAGERS`, -1 for nobody: those without a card have no manager."""
    number: Ints
    name: tuple[str, ...]
    bills_fen: Ints
    """Twelve months, the newest last."""
    daily_seconds: Ints
    records_per_day: Ints
    last_seen: Ints
    joined_days: Ints
    """Days on net at cut-over."""
    clearing_granted: Ints
    clearing_spent: Ints
    running_granted: Ints

    @property
    def size(self) -> int:
        return len(self.customer_id)

    def county_of(self, row: Row) -> str:
        return COUNTIES[int(self.county[row])]

    def store_of(self, row: Row) -> str:
        return f"{self.county_of(row)}{int(self.store[row]):03d}"

    def tier_of(self, row: Row) -> Tier:
        return TIERS[int(self.tier[row])]

    def manager_of(self, row: Row) -> str | None:
        place = int(self.manager[row])
        return MANAGERS[place] if place >= 0 else None

    @property
    def recent_mean_fen(self) -> Ints:
        """The mean of the last three bills, which the next one is compared with (AL-01)."""
        return self.bills_fen[:, -3:].mean(axis=1).astype(np.int64)


def populate(seed: int, customers: int) -> Population:
    """A province of `customers` customers."""
    generator = np.random.default_rng([seed, customers])
    revenue = np.exp(
        np.log(REVENUE_MEDIAN_FEN) + REVENUE_SIGMA * generator.standard_normal(customers)
    )
    tier = _tiers(revenue)
    county = generator.integers(0, len(COUNTIES), customers)
    points: Ints = np.array(POINTS, np.int64)
    granted = _between(generator, points[tier, 0], points[tier, 1])
    bills = _bills(generator, revenue)
    records = generator.integers(RECORDS_PER_DAY[0], RECORDS_PER_DAY[1] + 1, customers)
    return Population(
        seed=seed,
        customer_id=_distinct(generator, customers, 1, 2**63 - 1),
        county=county,
        store=generator.integers(1, STORES_PER_COUNTY + 1, customers),
        tier=tier,
        manager=_managers(generator, county, tier),
        number=_distinct(generator, customers, NUMBERS_FROM, NUMBERS_FROM + NUMBERS_SPREAD),
        name=tuple(names(generator, customers)),
        bills_fen=bills,
        daily_seconds=generator.integers(120, 1_200, (customers, DAYS)),
        records_per_day=records,
        last_seen=_microseconds(CUT_OVER)
        - generator.integers(60, DAY_SECONDS // 2, customers) * 1_000_000,
        joined_days=generator.integers(130, 5_000, customers),  # 120 days: may port (XC-20)
        clearing_granted=granted,
        clearing_spent=_spent(generator, granted),
        running_granted=_running(bills, tier),
    )


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _distinct(generator: np.random.Generator, count: int, low: int, high: int) -> Ints:
    """Different numbers of a wide range, in no order."""
    found = np.unique(generator.integers(low, high, count + count // 4 + 16))
    return generator.permutation(found)[:count]


def _between(generator: np.random.Generator, low: Ints, high: Ints) -> Ints:
    return low + (generator.random(len(low)) * (high - low)).astype(np.int64)


def _tiers(revenue: NDArray[np.float64]) -> Ints:
    """The highest payers are diamond, and so on down (PT-25 to PT-28)."""
    rank = np.empty(len(revenue), np.int64)
    rank[np.argsort(-revenue)] = np.arange(len(revenue))
    shares = (
        DIAMOND_SHARE,
        DIAMOND_AND_GOLD_SHARE,
        VALUED_SHARE,
        VALUED_SHARE + GUEST_SHARE,
    )
    ends = [round(share * len(revenue)) for share in shares]
    return np.searchsorted(ends, rank, side="right").astype(np.int64)


def _managers(generator: np.random.Generator, county: Ints, tier: Ints) -> Ints:
    own = county * MANAGERS_PER_COUNTY + generator.integers(0, MANAGERS_PER_COUNTY, len(county))
    return np.where(tier <= TIERS.index(Tier.SILVER), own, -1)


def _bills(generator: np.random.Generator, revenue: NDArray[np.float64]) -> Ints:
    noise = generator.uniform(1 - BILL_NOISE, 1 + BILL_NOISE, (len(revenue), MONTHS))
    return np.clip(revenue[:, None] * noise, 100, 2_000_000).astype(np.int64)


def _running(bills: Ints, tier: Ints) -> Ints:
    """What December and January earned (PT-12), of those with a card; others join with a bill."""
    return np.where(tier <= TIERS.index(Tier.SILVER), bills[:, -2:].sum(axis=1) // 100, 0)


def _spent(generator: np.random.Generator, granted: Ints) -> Ints:
    """A quarter of the members have spent up to 60 % of their points."""
    share = np.maximum(generator.uniform(-1.8, 0.6, len(granted)), 0)
    return (granted * share).astype(np.int64)
