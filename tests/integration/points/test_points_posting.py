"""Bills and opening lots into the ledger: one statement, once, in order, whoever else posts."""

import asyncio
import json
import random
from collections.abc import Sequence

import asyncpg
import pytest
from ledger_parts import Ledger, a_bill, a_profile, opening_lots
from sqlalchemy import text

from services.points.handlers.on_bills_issued import earned
from services.points.ledger.posting import Posting, without_repeats
from services.points.store import lots, programmes
from shared.database import unit_of_work
from shared.errors import RecordFault

LOT = """
    SELECT cohort, granted, spent, version, clears_on::text FROM lot
    WHERE customer_id = $1 ORDER BY cohort
"""
COUNT = "SELECT count(*) FROM entry WHERE customer_id = $1"


async def lots_of(ledger: Ledger, customer: int) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await ledger.rows(LOT, customer)]


async def entries_of(ledger: Ledger, customer: int) -> int:
    return (await ledger.rows(COUNT, customer))[0][0]


@pytest.mark.requirement("PT-12")
@pytest.mark.requirement("PT-15")
async def test_a_thousand_bills_are_one_batch(fresh_ledger: Ledger) -> None:
    bills = [a_bill(1 + n % 400, month=f"2025-{11 + n % 2}") for n in range(1_000)]
    await fresh_ledger.bills(bills)
    (row,) = await fresh_ledger.rows("SELECT count(*), sum(granted), sum(version) FROM lot")
    assert tuple(row) == (400, 1_000 * 123, 1_000)
    told = await fresh_ledger.rows("SELECT DISTINCT cohort, clears_on::text FROM lot ORDER BY 1")
    assert [tuple(r) for r in told] == [(2025, "2026-04-30"), (2026, "2027-04-30")]
    assert (await fresh_ledger.rows("SELECT count(*) FROM outbox"))[0][0] == 1_000


async def test_a_replay_posts_nothing_and_tells_nothing(ledger: Ledger, customer: int) -> None:
    bills = [a_bill(customer) for _ in range(20)]
    await ledger.bills(bills)
    before = await lots_of(ledger, customer)
    await ledger.bills(bills)
    await ledger.bills([*bills[5:], a_bill(customer, amount_fen=100)])
    assert before == [(2026, 20 * 123, 0, 20, "2027-04-30")]
    assert await lots_of(ledger, customer) == [(2026, 20 * 123 + 1, 0, 21, "2027-04-30")]
    told = await ledger.rows("SELECT count(*) FROM outbox WHERE key = $1", str(customer))
    assert told[0][0] == 21


async def test_a_bill_twice_in_one_batch_counts_once(ledger: Ledger, customer: int) -> None:
    bill = a_bill(customer)
    again = a_bill(customer, bill_id=bill.bill_id)
    await ledger.bills([bill, again])
    assert await entries_of(ledger, customer) == 1


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_bill_with_another_amount_is_refused(
    ledger: Ledger, customer: int, *, together: bool
) -> None:
    bill = a_bill(customer)
    other = a_bill(customer, bill_id=bill.bill_id, amount_fen=99_900)
    if not together:
        await ledger.bills([bill])
    with pytest.raises(RecordFault) as fault:
        await ledger.bills([bill, other] if together else [other])
    assert fault.value.reason == "conflicting-repeat"
    assert await entries_of(ledger, customer) == (0 if together else 1)


@pytest.mark.requirement("PT-12")
async def test_a_bill_of_nothing_posts_nothing(ledger: Ledger, customer: int) -> None:
    await ledger.bills([a_bill(customer, amount_fen=0), a_bill(customer, amount_fen=99)])
    assert await lots_of(ledger, customer) == []


async def test_versions_and_balances_are_told_entry_by_entry(ledger: Ledger, customer: int) -> None:
    await ledger.bills([a_bill(customer, amount_fen=n * 100) for n in (1, 2, 3)])
    await ledger.bills([a_bill(customer, amount_fen=400)])
    told = await ledger.rows(
        "SELECT value FROM outbox WHERE key = $1 ORDER BY id",
        str(customer),
    )
    facts = [json.loads(row[0]) for row in told]
    assert [(f["lot_version"], f["available"]) for f in facts] == [(1, 1), (2, 3), (3, 6), (4, 10)]


async def test_the_order_of_arrival_does_not_change_the_balances(
    ledger: Ledger, customer: int
) -> None:
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    bills = [a_bill(customer, month=month) for month in months]
    random.Random(7).shuffle(bills)  # noqa: S311 - a repeatable shuffle.
    for bill in bills:
        await ledger.bills([bill])
    assert await lots_of(ledger, customer) == [
        (2025, 11 * 123, 0, 11, "2026-04-30"),
        (2026, 123, 0, 1, "2027-04-30"),
    ]


async def test_an_opening_lot_brings_what_was_granted_and_spent(
    ledger: Ledger, customer: int
) -> None:
    lot = opening_lots(customer, cohort=2025, granted=5_000, spent=1_200)
    await ledger.openings([lot, lot])
    await ledger.openings([lot])
    assert await lots_of(ledger, customer) == [(2025, 5_000, 1_200, 2, "2026-04-30")]


async def test_an_opening_lot_told_with_another_figure_is_refused(
    ledger: Ledger, customer: int
) -> None:
    await ledger.openings([opening_lots(customer, spent=0)])
    with pytest.raises(RecordFault, match="conflicting-repeat"):
        await ledger.openings([opening_lots(customer, spent=10)])
    assert await lots_of(ledger, customer) == [(2025, 5_000, 0, 1, "2026-04-30")]


async def test_the_newest_profile_stands(ledger: Ledger, customer: int) -> None:
    for sequence, county in ((2, "990102"), (1, "990101"), (3, "990103"), (3, "990101")):
        await ledger.profile(a_profile(customer, sequence=sequence, county=county))
    (row,) = await ledger.rows(
        "SELECT county, tier, sequence FROM customer WHERE customer_id = $1", customer
    )
    assert tuple(row) == ("990103", "gold", 3)


async def post(ledger: Ledger, postings: Sequence[Posting]) -> None:
    async with unit_of_work(ledger.worker) as uow:
        await lots.post(uow.connection, postings)


async def test_batches_over_the_same_lots_wait_for_each_other_and_never_deadlock(
    ledger: Ledger,
) -> None:
    """Sorted in the statement, whatever the order of the arrays (research §2.5: 11 in 8 s else)."""
    async with unit_of_work(ledger.worker) as uow:
        known = await programmes.read(uow.connection)
    random_ = random.Random(11)  # noqa: S311 - repeatable.
    customers = range(10_000, 10_300)

    async def writer() -> None:
        for _ in range(12):
            bills = [a_bill(customer) for customer in customers]
            random_.shuffle(bills)
            postings = [p for bill in bills if (p := earned(bill, known))]
            await post(ledger, postings)

    await asyncio.gather(*(writer() for _ in range(4)))
    (row,) = await ledger.rows(
        "SELECT count(*), min(version), max(version) FROM lot WHERE customer_id BETWEEN $1 AND $2",
        customers[0],
        customers[-1],
    )
    assert tuple(row) == (300, 48, 48)


async def test_an_entry_posted_by_two_transactions_at_once_counts_once(
    ledger: Ledger, customer: int
) -> None:
    bill = a_bill(customer)
    outcomes = await asyncio.gather(
        *(ledger.bills([bill]) for _ in range(8)), return_exceptions=True
    )
    # Who comes too late violates the key; its batch is tried again and finds the entry.
    assert {type(o).__name__ for o in outcomes} <= {"NoneType", "IntegrityError"}
    assert await lots_of(ledger, customer) == [(2026, 123, 0, 1, "2027-04-30")]


SCANS = """
    SELECT sum(seq_scan)::int AS sequential, sum(idx_scan)::int AS by_index
    FROM pg_stat_user_tables WHERE schemaname = 'points' AND relname IN ('lot', 'entry')
"""


async def test_posting_and_spending_never_scan_lots_or_entries(ledger: Ledger) -> None:
    """Counted by the server over enough batches that its generic plans take part."""
    customers = range(500_000, 520_000)
    async with unit_of_work(ledger.worker) as uow:
        known = await programmes.read(uow.connection)
    await ledger.rows(MANY_LOTS, customers[0], customers[-1])
    await ledger.rows(MANY_ENTRIES, customers[0], customers[-1])
    # Connections of other tests tell the server of their scans when they end, not at once.
    await ledger.worker.dispose()
    async with ledger.connected() as owner:
        await owner.execute("ANALYZE lot, entry")
        await asyncio.wait_for(_alone(owner), timeout=30)
        (before,) = await owner.fetch(SCANS)
    async with ledger.worker.connect() as connection:
        for batch in range(12):
            bills = [a_bill(customers[n * 7 + batch]) for n in range(1_000)]
            await lots.post(
                connection, without_repeats(p for b in bills if (p := earned(b, known)))
            )
            await lots.lock_lots(connection, customers[batch], "standard")
            await lots.lots_of(connection, customers[batch])
            await lots.entries_of(connection, customers[batch], before=None, rows=50)
            await connection.rollback()
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
        await connection.rollback()
    (after,) = await ledger.rows(SCANS)
    assert after["by_index"] > before["by_index"] + 12
    assert after["sequential"] == before["sequential"]


async def _alone(owner: asyncpg.Connection) -> None:
    others = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    """
    while await owner.fetchval(others):  # noqa: ASYNC110 - the server can only be asked again.
        await asyncio.sleep(0.05)


MANY_LOTS = """
    INSERT INTO lot (customer_id, programme, cohort, clears_on, granted, version)
    SELECT c, 'standard', 2026, '2027-04-30', 1, 1
    FROM generate_series($1::bigint, $2::bigint) AS c
"""
MANY_ENTRIES = """
    INSERT INTO entry (customer_id, entry_id, programme, programme_version, cohort, kind,
        amount, debit, credit, reference, business_date, payload_hash, lot_version)
    SELECT c, gen_random_uuid(), 'standard', 1, 2026, 'earn', 1, 'issuance', 'customer', 'x',
        '2026-01-01', '', 1 FROM generate_series($1::bigint, $2::bigint) AS c
"""
