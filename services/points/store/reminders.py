"""Reminders: the lots to look at, the days that are taken, and what became of each (PT-17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.domain.reminder import ClearingLot, Member, State
from shared.events.customers import CustomerStatus, Tier

# Two workers must not give away the same place of a day; whoever comes second comes again.
_PLAN_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('points.reminders'))")


async def alone(connection: AsyncConnection) -> bool:
    """Whether this transaction is the only one that plans."""
    return bool(await connection.scalar(_PLAN_LOCK))


@dataclass(frozen=True)
class LotToConsider:
    """A lot whose next reminder is due; nobody's, as long as BOSS/CRM has told no profile."""

    lot: ClearingLot
    reminds_on: date
    member: Member | None


_DUE_LOTS = text("""
    SELECT l.customer_id, l.programme, l.cohort, l.clears_on, l.reminds_on,
           l.granted - l.spent - l.expired - l.held AS available,
           c.county, c.tier, c.status,
           (SELECT r.amount FROM reminder r
            WHERE r.customer_id = l.customer_id AND r.programme = l.programme
              AND r.cohort = l.cohort ORDER BY r.days LIMIT 1) AS told
    FROM lot l LEFT JOIN customer c ON c.customer_id = l.customer_id
    WHERE l.reminds_on <= :today
    ORDER BY l.reminds_on, l.customer_id LIMIT :rows
    FOR UPDATE OF l SKIP LOCKED
""")


async def lock_due_lots(
    connection: AsyncConnection, today: date, *, rows: int
) -> list[LotToConsider]:
    """Lots to look at today, the longest due first."""
    found = await connection.execute(_DUE_LOTS, {"today": today, "rows": rows})
    return [LotToConsider(_lot(row, told=row.told), row.reminds_on, _member(row)) for row in found]


def _lot(row: Row[tuple[object, ...]], *, told: int | None = None) -> ClearingLot:
    return ClearingLot(
        customer_id=row.customer_id,
        programme=row.programme,
        cohort=row.cohort,
        clears_on=row.clears_on,
        available=row.available,
        told=told,
    )


def _member(row: Row[tuple[object, ...]]) -> Member | None:
    if row.county is None:
        return None
    return Member(row.county, Tier(row.tier), CustomerStatus(row.status))


_LOOK_AGAIN = text("""
    UPDATE lot SET reminds_on = n.reminds_on
    FROM unnest(CAST(:customers AS bigint[]), CAST(:programmes AS text[]),
                CAST(:cohorts AS int[]), CAST(:days AS date[]))
        AS n (customer_id, programme, cohort, reminds_on)
    WHERE lot.customer_id = n.customer_id AND lot.programme = n.programme
      AND lot.cohort = n.cohort
""")


async def look_again(
    connection: AsyncConnection, lots: Sequence[tuple[ClearingLot, date | None]]
) -> None:
    """Note the day on which each lot is looked at next; None means never."""
    await connection.execute(
        _LOOK_AGAIN,
        {
            "customers": [lot.customer_id for lot, _ in lots],
            "programmes": [lot.programme for lot, _ in lots],
            "cohorts": [lot.cohort for lot, _ in lots],
            "days": [day for _, day in lots],
        },
    )


_TAKEN = text("""
    SELECT due_on, count(*) AS taken FROM reminder WHERE due_on >= :today GROUP BY due_on
""")


async def places_taken(connection: AsyncConnection, today: date) -> dict[date, int]:
    """How many reminders each coming day has."""
    rows = await connection.execute(_TAKEN, {"today": today})
    return {row.due_on: row.taken for row in rows}


@dataclass(frozen=True)
class Planned:
    """A new reminder; with a day and a moment if it will be proposed."""

    lot: ClearingLot
    days: int
    state: State
    ends_on: date
    due_on: date | None = None
    due_at: datetime | None = None


_INSERT = text("""
    INSERT INTO reminder (customer_id, programme, cohort, days, amount, state, ends_on, due_on,
                          due_at)
    SELECT * FROM unnest(
        CAST(:customers AS bigint[]), CAST(:programmes AS text[]), CAST(:cohorts AS int[]),
        CAST(:days AS int[]), CAST(:amounts AS bigint[]), CAST(:states AS text[]),
        CAST(:ends AS date[]), CAST(:due_days AS date[]), CAST(:moments AS timestamptz[]))
    ON CONFLICT DO NOTHING
""")


async def insert(connection: AsyncConnection, planned: Sequence[Planned]) -> None:
    """Keep new reminders; the key of one that is there already is the guard."""
    await connection.execute(
        _INSERT,
        {
            "customers": [p.lot.customer_id for p in planned],
            "programmes": [p.lot.programme for p in planned],
            "cohorts": [p.lot.cohort for p in planned],
            "days": [p.days for p in planned],
            "amounts": [p.lot.available for p in planned],
            "states": [p.state for p in planned],
            "ends": [p.ends_on for p in planned],
            "due_days": [p.due_on for p in planned],
            "moments": [p.due_at for p in planned],
        },
    )


@dataclass(frozen=True)
class DueReminder:
    """A reminder whose moment has come, and what its lot and customer are by now."""

    lot: ClearingLot
    member: Member
    days: int
    attempts: int
    ends_on: date
    due_at: datetime

    @property
    def id(self) -> str:
        lot = self.lot
        return f"reminder/{lot.customer_id}/{lot.programme}/{lot.cohort}/{self.days}"


_DUE = text("""
    SELECT r.customer_id, r.programme, r.cohort, r.days, r.attempt, r.ends_on, r.due_at,
           l.clears_on, l.granted - l.spent - l.expired - l.held AS available,
           c.county, c.tier, c.status
    FROM reminder r JOIN lot l USING (customer_id, programme, cohort)
        JOIN customer c USING (customer_id)
    WHERE r.due_at <= :now
    ORDER BY r.due_at, r.customer_id LIMIT :rows
    FOR UPDATE OF r SKIP LOCKED
""")


async def lock_due(connection: AsyncConnection, now: datetime, *, rows: int) -> list[DueReminder]:
    """Reminders to propose, the longest due first."""
    return [
        DueReminder(
            lot=_lot(row),
            member=Member(row.county, Tier(row.tier), CustomerStatus(row.status)),
            days=row.days,
            attempts=row.attempt,
            ends_on=row.ends_on,
            due_at=row.due_at,
        )
        for row in await connection.execute(_DUE, {"now": now, "rows": rows})
    ]


@dataclass(frozen=True)
class Settled:
    """What became of a due reminder; proposed ones have the proposal's id."""

    reminder: DueReminder
    state: State
    attempts: int
    proposal_id: str | None


_SETTLE = text("""
    UPDATE reminder SET state = s.state, attempt = s.attempt, due_at = NULL,
        proposal_id = coalesce(s.proposal_id, reminder.proposal_id)
    FROM unnest(CAST(:customers AS bigint[]), CAST(:programmes AS text[]), CAST(:cohorts AS int[]),
                CAST(:days AS int[]), CAST(:states AS text[]), CAST(:attempts AS int[]),
                CAST(:proposals AS text[]))
        AS s (customer_id, programme, cohort, days, state, attempt, proposal_id)
    WHERE reminder.customer_id = s.customer_id AND reminder.programme = s.programme
      AND reminder.cohort = s.cohort AND reminder.days = s.days
""")


async def settle(connection: AsyncConnection, settled: Sequence[Settled]) -> None:
    """Note what became of each; none of them is due any more."""
    await connection.execute(
        _SETTLE,
        {
            "customers": [s.reminder.lot.customer_id for s in settled],
            "programmes": [s.reminder.lot.programme for s in settled],
            "cohorts": [s.reminder.lot.cohort for s in settled],
            "days": [s.reminder.days for s in settled],
            "states": [s.state for s in settled],
            "attempts": [s.attempts for s in settled],
            "proposals": [s.proposal_id for s in settled],
        },
    )
