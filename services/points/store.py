"""Every SQL statement of points that is not the ledger's own arithmetic, and its execution."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.ledger import statements
from services.points.ledger.accounts import Kind
from services.points.ledger.allocation import LotBalance, Share
from services.points.ledger.posting import Posted, Posting
from shared.events.customers import CustomerProfile

_KNOWN = text(statements.KNOWN)
_POST = text(statements.POST)
_LOCK_LOTS = text(statements.LOCK_LOTS)
_MOVE_LOT = text(statements.MOVE_LOT)
_WRITE_ENTRY = text(statements.WRITE_ENTRY)

_GRANTING = frozenset({Kind.EARN, Kind.OPEN_GRANTED})


async def known_entries(
    connection: AsyncConnection, postings: Sequence[Posting]
) -> dict[tuple[int, UUID], bytes]:
    """Which of these entries the ledger holds already, with the hash of their content."""
    rows = await connection.execute(
        _KNOWN,
        {
            "customers": [p.customer_id for p in postings],
            "ids": [p.entry_id for p in postings],
        },
    )
    return {(row.customer_id, row.entry_id): row.payload_hash for row in rows}


async def post(connection: AsyncConnection, postings: Sequence[Posting]) -> list[Posted]:
    """Write fresh entries and move their lots, in one statement."""
    rows = await connection.execute(
        _POST,
        {
            "customers": [p.customer_id for p in postings],
            "ids": [p.entry_id for p in postings],
            "programmes": [p.programme for p in postings],
            "cohorts": [p.cohort for p in postings],
            "kinds": [p.kind for p in postings],
            "amounts": [p.amount for p in postings],
            "debits": [p.debit for p in postings],
            "credits": [p.credit for p in postings],
            "dates": [p.business_date for p in postings],
            "clearings": [p.clears_on for p in postings],
            "hashes": [p.payload_hash for p in postings],
            "references": [p.reference for p in postings],
            "granted": [p.amount if p.kind in _GRANTING else 0 for p in postings],
            "spent": [p.amount if p.kind is Kind.OPEN_SPENT else 0 for p in postings],
            "expired": [0] * len(postings),
        },
    )
    # The statement answers in the order of its arrays.
    return [
        Posted(posting, row.lot_version, row.available)
        for posting, row in zip(postings, rows, strict=True)
    ]


async def lock_lots(
    connection: AsyncConnection, customer_id: int, programme: str
) -> list[LotBalance]:
    """The customer's lots, locked until the transaction ends: whoever spends waits here."""
    rows = await connection.execute(_LOCK_LOTS, {"customer": customer_id, "programme": programme})
    return [LotBalance(row.cohort, row.clears_on, row.available) for row in rows]


async def move_lot(connection: AsyncConnection, posting: Posting, *, spent: int) -> Posted:
    """Write one entry on a locked lot and move its `spent` counter (back, when negative)."""
    lot = (
        await connection.execute(
            _MOVE_LOT,
            {
                "customer": posting.customer_id,
                "programme": posting.programme,
                "cohort": posting.cohort,
                "spent": spent,
            },
        )
    ).one()
    await connection.execute(
        _WRITE_ENTRY,
        {
            "customer": posting.customer_id,
            "entry_id": posting.entry_id,
            "programme": posting.programme,
            "cohort": posting.cohort,
            "kind": posting.kind,
            "amount": posting.amount,
            "debit": posting.debit,
            "credit": posting.credit,
            "date": posting.business_date,
            "hash": posting.payload_hash,
            "reference": posting.reference,
            "version": lot.version,
        },
    )
    return Posted(posting, lot.version, lot.available)


_UPSERT_CUSTOMER = text("""
    INSERT INTO customer AS held (customer_id, county, tier, status, sequence)
    VALUES (:customer_id, :county, :tier, :status, :sequence)
    ON CONFLICT (customer_id) DO UPDATE
    SET county = excluded.county, tier = excluded.tier, status = excluded.status,
        sequence = excluded.sequence
    WHERE held.sequence < excluded.sequence
""")


async def upsert_customer(connection: AsyncConnection, profile: CustomerProfile) -> None:
    """Keep the newest profile; a lower sequence changes nothing."""
    await connection.execute(
        _UPSERT_CUSTOMER,
        {
            "customer_id": profile.customer_id,
            "county": profile.county,
            "tier": profile.tier,
            "status": profile.status,
            "sequence": profile.sequence,
        },
    )


@dataclass(frozen=True)
class Customer:
    customer_id: int
    county: str
    tier: str


async def find_customer(connection: AsyncConnection, customer_id: int) -> Customer | None:
    """The customer, if the caller's organisation may see one (row-level security decides)."""
    row = (
        await connection.execute(
            text("SELECT customer_id, county, tier FROM customer WHERE customer_id = :id"),
            {"id": customer_id},
        )
    ).one_or_none()
    return Customer(row.customer_id, row.county, row.tier) if row else None


async def shares_of(
    connection: AsyncConnection, customer_id: int, reference: str
) -> tuple[list[Share], list[Share]]:
    """What a redemption took from each lot, and what came back so far."""
    rows = await connection.execute(
        text("""
            SELECT cohort, kind, sum(amount)::bigint AS points FROM entry
            WHERE customer_id = :customer AND reference = :reference
            GROUP BY cohort, kind ORDER BY cohort
        """),
        {"customer": customer_id, "reference": reference},
    )
    spent: list[Share] = []
    back: list[Share] = []
    for row in rows:
        (spent if row.kind == Kind.SPEND else back).append(Share(row.cohort, row.points))
    return spent, back
