"""Redemptions: what was asked for, and from which lots it was paid."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.domain.redemption import Family
from services.points.ledger.accounts import Kind
from services.points.ledger.allocation import Share


@dataclass(frozen=True)
class Redemption:
    """Points given for something; `version` counts its reversals from one on."""

    redemption_id: UUID
    customer_id: int
    programme: str
    programme_version: int
    family: Family
    item: str
    points: int
    value_fen: int
    reversed: int
    version: int
    redeemed_by: str
    redeemed_at: datetime

    @property
    def reference(self) -> str:
        """How its entries name it."""
        return f"redemption/{self.redemption_id}"


_INSERT = text("""
    INSERT INTO redemption (customer_id, redemption_id, programme, programme_version, family, item,
                            points, value_fen, redeemed_by, redeemed_at)
    VALUES (:customer_id, :redemption_id, :programme, :programme_version, :family, :item,
            :points, :value_fen, :redeemed_by, :redeemed_at)
    ON CONFLICT DO NOTHING RETURNING true
""")


async def insert(connection: AsyncConnection, redemption: Redemption) -> bool:
    """Keep a new redemption; False when its id is taken."""
    done = await connection.execute(
        _INSERT,
        {
            "customer_id": redemption.customer_id,
            "redemption_id": redemption.redemption_id,
            "programme": redemption.programme,
            "programme_version": redemption.programme_version,
            "family": redemption.family,
            "item": redemption.item,
            "points": redemption.points,
            "value_fen": redemption.value_fen,
            "redeemed_by": redemption.redeemed_by,
            "redeemed_at": redemption.redeemed_at,
        },
    )
    return done.one_or_none() is not None


_FIND = """
    SELECT redemption_id, customer_id, programme, programme_version, family, item, points,
           value_fen, reversed, version, redeemed_by, redeemed_at
    FROM redemption WHERE customer_id = :customer AND redemption_id = :redemption
"""
_READ = text(_FIND)
_LOCK = text(f"{_FIND} FOR UPDATE")


async def find(
    connection: AsyncConnection, customer_id: int, redemption_id: UUID, *, lock: bool = False
) -> Redemption | None:
    """A redemption of this customer; locked, if it is to change."""
    rows = await connection.execute(
        _LOCK if lock else _READ, {"customer": customer_id, "redemption": redemption_id}
    )
    row = rows.mappings().one_or_none()
    return _redemption({**row}) if row else None


def _redemption(row: dict[str, Any]) -> Redemption:
    return Redemption(family=Family(row.pop("family")), **row)


_ADD_REVERSED = text("""
    UPDATE redemption SET reversed = reversed + :points, version = version + 1
    WHERE customer_id = :customer AND redemption_id = :redemption
    RETURNING reversed, version
""")


async def add_reversed(
    connection: AsyncConnection, redemption: Redemption, points: int
) -> Redemption:
    """Count what came back; the redemption as it stands then."""
    row = (
        await connection.execute(
            _ADD_REVERSED,
            {
                "customer": redemption.customer_id,
                "redemption": redemption.redemption_id,
                "points": points,
            },
        )
    ).one()
    return replace(redemption, reversed=row.reversed, version=row.version)


@dataclass(frozen=True)
class Movements:
    """What a redemption took from each lot, what came back, and by which reversals."""

    spent: tuple[Share, ...]
    reversed: tuple[Share, ...]
    references: frozenset[str]


# A reversal's reference goes on from its redemption's.
_MOVEMENTS = text("""
    SELECT cohort, kind, sum(amount)::bigint AS points, array_agg(DISTINCT reference) AS refs
    FROM entry
    WHERE customer_id = :customer
      AND (reference = :reference OR starts_with(reference, :reference || '/'))
    GROUP BY cohort, kind ORDER BY cohort
""")


async def movements_of(connection: AsyncConnection, redemption: Redemption) -> Movements:
    """By lot, the oldest points year first."""
    rows = (
        await connection.execute(
            _MOVEMENTS,
            {"customer": redemption.customer_id, "reference": redemption.reference},
        )
    ).all()
    return Movements(
        spent=tuple(Share(r.cohort, r.points) for r in rows if r.kind == Kind.SPEND),
        reversed=tuple(Share(r.cohort, r.points) for r in rows if r.kind == Kind.REVERSE),
        references=frozenset(ref for row in rows for ref in row.refs),
    )
