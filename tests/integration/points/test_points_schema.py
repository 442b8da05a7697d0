"""What the schema itself promises, whatever the code does."""

import asyncpg
import pytest
from ledger_parts import AT, Ledger, a_bill

from services.points.domain.programme import Programme, Programmes
from services.points.store import programmes
from shared.database import unit_of_work

# Tables that belong to no customer: shared by all services, or the trade's own.
WITHOUT_CUSTOMER = {
    "alembic_version",
    "dead_letter",
    "event_link",
    "idempotency",
    "inbox",
    "org_unit",
    "outbox",
    "outbox_cursor",
    "outbox_oversized",
    "parked",
    "position",
    "programme",
    "relay_lease",
    "schema_floor",
}

UNIQUE_KEYS = """
    SELECT c.relname AS table, i.relname AS key, a.attname AS first_column
    FROM pg_index x
    JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
    WHERE n.nspname = 'points' AND x.indisunique AND NOT c.relispartition
"""


async def test_every_key_of_a_customers_table_begins_with_the_customer(ledger: Ledger) -> None:
    """So that the ledger can be cut into shards by customer (research §2.6)."""
    keys = [k for k in await ledger.rows(UNIQUE_KEYS) if k["table"] not in WITHOUT_CUSTOMER]
    assert {key["table"] for key in keys} == {
        "customer",
        "lot",
        "entry",
        "hold",
        "hold_lot",
        "redemption",
        "reminder",
    }
    assert {key["first_column"] for key in keys} == {"customer_id"}


async def test_no_foreign_key_reaches_from_one_customer_to_another(ledger: Ledger) -> None:
    found = await ledger.rows(
        """
        SELECT conrelid::regclass::text FROM pg_constraint c
        JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'points' AND contype = 'f'
        """
    )
    assert {row[0].removeprefix("points.") for row in found} <= WITHOUT_CUSTOMER


async def test_whatever_the_web_role_may_read_of_customers_is_guarded(ledger: Ledger) -> None:
    readable = await ledger.rows(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS guarded
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
        WHERE n.nspname = 'points' AND c.relkind = 'r'
          AND has_table_privilege('points_web', c.oid, 'SELECT')
        """
    )
    assert {row["relname"] for row in readable} == {
        "customer",
        "lot",
        "entry",
        "redemption",
        "reminder",
    }
    assert all(row["guarded"] for row in readable)


@pytest.mark.parametrize("table", ["customer", "lot", "entry", "redemption", "reminder"])
async def test_a_forgotten_caller_is_an_error_not_an_empty_answer(
    ledger: Ledger, customer: int, *, table: str
) -> None:
    await ledger.member(customer, points=1)
    async with ledger.connected("web") as web:
        if table == "redemption":
            await ledger.rows(A_REDEMPTION, customer)
        if table == "reminder":
            await ledger.rows(A_REMINDER, customer)
        with pytest.raises(asyncpg.PostgresError, match="organisation is not set"):
            await web.fetch(f"SELECT * FROM {table}")  # noqa: S608 - one of four names above.


A_REDEMPTION = """
    INSERT INTO redemption (customer_id, redemption_id, programme, programme_version, family, item,
                            points, value_fen, redeemed_by, redeemed_at)
    VALUES ($1, gen_random_uuid(), 'standard', 1, 'service', 'x', 1, 2, 'wang', now())
"""


A_REMINDER = """
    INSERT INTO reminder (customer_id, programme, cohort, days, amount, state, ends_on)
    VALUES ($1, 'standard', 2025, 60, 1, 'no_channel', '2026-03-31')
"""


@pytest.mark.requirement("PT-18")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lot SET spent = granted + 1 WHERE customer_id = $1",
        "UPDATE lot SET held = granted - spent + 1 WHERE customer_id = $1",
        "UPDATE lot SET expired = 1, spent = granted WHERE customer_id = $1",
        "UPDATE lot SET spent = -1 WHERE customer_id = $1",
    ],
)
async def test_no_code_can_overdraw_a_lot(ledger: Ledger, customer: int, *, change: str) -> None:
    await ledger.member(customer, points=100)
    async with ledger.connected("worker") as worker:
        with pytest.raises(asyncpg.PostgresError, match="violates check constraint"):
            await worker.execute(change, customer)


@pytest.mark.requirement("XC-10")
@pytest.mark.parametrize(
    "change", ["UPDATE entry SET amount = 1", "DELETE FROM entry", "TRUNCATE entry"]
)
@pytest.mark.parametrize(
    ("role", "refusal"), [("worker", "permission denied"), ("migrate", "never changed")]
)
async def test_an_entry_is_for_ever(
    ledger: Ledger, customer: int, *, role: str, refusal: str, change: str
) -> None:
    """The worker has no grant, and the owner meets the trigger."""
    await ledger.bills([a_bill(customer)])
    async with ledger.connected(role) as connection:
        with pytest.raises(asyncpg.PostgresError, match=refusal):
            await connection.execute(change)


async def test_the_migrated_programme_is_the_documented_one(ledger: Ledger) -> None:
    async with unit_of_work(ledger.worker) as uow:
        found = await programmes.read(uow.connection)
    (standard,) = found.versions
    assert found == Programmes(
        (Programme(code="standard", version=1, valid_from=standard.valid_from),)
    )
    assert found.in_force("standard", AT.date()) == standard
