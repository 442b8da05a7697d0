"""Sums for whoever watches the programme; row-level security leaves out what they may not see."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.domain.reminder import State

_MEMBERS = text("SELECT count(*) FROM customer")


async def members(connection: AsyncConnection) -> int:
    """Customers that BOSS/CRM has told of."""
    return (await connection.execute(_MEMBERS)).scalar_one()


@dataclass(frozen=True)
class Cohort:
    """All lots of one points year."""

    programme: str
    cohort: int
    clears_on: date
    lots: int
    entries: int
    granted: int
    spent: int
    expired: int
    held: int

    @property
    def available(self) -> int:
        return self.granted - self.spent - self.expired - self.held


# A lot's version counts its entries without a gap, which the audit proves: no need to count them.
_COHORTS = text("""
    SELECT programme, cohort, clears_on, count(*) AS lots, sum(version)::bigint AS entries,
           sum(granted)::bigint AS granted, sum(spent)::bigint AS spent,
           sum(expired)::bigint AS expired, sum(held)::bigint AS held
    FROM lot GROUP BY programme, cohort, clears_on ORDER BY clears_on, programme, cohort
""")


async def cohorts(connection: AsyncConnection) -> list[Cohort]:
    """By clearing date, the next one first."""
    return [Cohort(**row) for row in (await connection.execute(_COHORTS)).mappings()]


@dataclass(frozen=True)
class Redeemed:
    """What members gave points for, and what came back."""

    redemptions: int
    points: int
    reversals: int
    reversed: int


# A redemption's version counts its reversals from one on.
_REDEEMED = text("""
    SELECT count(*) AS redemptions, coalesce(sum(points), 0)::bigint AS points,
           coalesce(sum(version - 1), 0)::bigint AS reversals,
           coalesce(sum(reversed), 0)::bigint AS reversed
    FROM redemption
""")


async def redeemed(connection: AsyncConnection) -> Redeemed:
    return Redeemed(**(await connection.execute(_REDEEMED)).mappings().one())


@dataclass(frozen=True)
class Reminders:
    """How many reminders of one offset stand in one state."""

    days: int
    state: State
    reminders: int


_REMINDERS = text("""
    SELECT days, state, count(*) AS reminders FROM reminder
    GROUP BY days, state ORDER BY days DESC, state
""")


async def reminders(connection: AsyncConnection) -> list[Reminders]:
    """By offset, the earliest first."""
    return [
        Reminders(row.days, State(row.state), row.reminders)
        for row in await connection.execute(_REMINDERS)
    ]
