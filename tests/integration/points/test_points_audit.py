"""The audit is clean after whatever the service does, and red after whatever it must not do."""

import json
import subprocess
import sys

import pytest
from ledger_parts import Ledger, a_bill, a_profile, opening_lots
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from services.points.domain.redemption import Family
from services.points.handlers.redeem_points import Order, redeem_points
from services.points.handlers.reverse_redemption import Withdrawal, reverse_redemption
from services.points.ledger.audit import Audit
from services.points.store.audit import audit
from shared.cause import Cause
from shared.database import create_engine, unit_of_work

BILLS = [
    a_bill(1 + n % 60, bill_id=f"B{n}", month=f"2025-{1 + n % 12:02d}", amount_fen=n * 37)
    for n in range(600)
]
LOTS = [opening_lots(1 + n, cohort=2024) for n in range(60)]

# Each changes one thing behind the ledger's back, as its owner could with triggers off.
CORRUPTIONS = {
    "a balance": ("UPDATE lot SET granted = granted + 1 WHERE customer_id = 7", "lot 7"),
    "a spent counter": ("UPDATE lot SET spent = spent - 1 WHERE spent > 0", "lot 9"),
    "a held counter": ("UPDATE lot SET held = 1 WHERE customer_id = 9", "lot 9"),
    "a version": ("UPDATE lot SET version = version + 1 WHERE customer_id = 3", "lot 3"),
    "a lost entry": ("DELETE FROM entry WHERE customer_id = 5 AND kind = 'open_spent'", "lot 5"),
    "a lost lot": ("DELETE FROM lot WHERE customer_id = 6 AND cohort = 2024", "lot 6"),
    "an amount": ("UPDATE entry SET amount = amount + 1 WHERE customer_id = 8", "entry 8"),
    "a moved entry": (
        "UPDATE entry SET reference = 'bill/2025-01/other' WHERE customer_id = 8",
        "entry 8",
    ),
    "a redemption": ("UPDATE redemption SET reversed = 0", "redemption 2"),
    "a lost redemption": ("DELETE FROM redemption", "redemption 2"),
}


async def filled(ledger: Ledger) -> Ledger:
    await ledger.profile(a_profile(2))
    await ledger.openings(LOTS)
    await ledger.bills(BILLS)
    web = create_engine(ledger.urls["web"], application="test", pool_size=1)
    cause = Cause("wang/key-1", "request.redeem_points", BILLS[0].at, by="wang")
    async with unit_of_work(web, organisation="99") as uow:
        order = Order(2, 3_900, Family.SERVICE, "lounge")
        redemption, _ = await redeem_points(order, cause, uow)
    async with unit_of_work(web, organisation="99") as uow:
        withdrawal = Withdrawal(2, redemption.redemption_id, 150)
        await reverse_redemption(withdrawal, lambda _: None, cause, uow)
    await web.dispose()
    return ledger


async def audited(ledger: Ledger) -> Audit:
    url = ledger.urls["migrate"].replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection, connection.begin():
        return await audit(connection)


@pytest.mark.requirement("PT-18")
async def test_replaying_the_entries_gives_the_balances(fresh_ledger: Ledger) -> None:
    found = await audited(await filled(fresh_ledger))
    assert found.differences == ()
    assert found.customer_balance == found.lot_balance > 0
    assert (found.redemptions, found.lots) == (1, 60 * 2)


async def test_every_corruption_is_found_and_named(fresh_ledger: Ledger) -> None:
    ledger = await filled(fresh_ledger)
    clean = await audited(ledger)
    for name, (corruption, about) in CORRUPTIONS.items():
        async with ledger.connected("superuser") as root:
            await root.execute("SET session_replication_role = replica")
            await root.execute("CREATE TABLE lot_kept AS TABLE lot")
            await root.execute("CREATE TABLE entry_kept AS TABLE entry")
            await root.execute("CREATE TABLE redemption_kept AS TABLE redemption")
            await root.execute(corruption)
        found = await audited(ledger)
        assert any(d.about.startswith(about) for d in found.differences), name
        async with ledger.connected("superuser") as root:
            await root.execute("SET session_replication_role = replica")
            for table in ("lot", "entry", "redemption"):
                await root.execute(f"DELETE FROM {table}")  # noqa: S608 - one of three names.
                await root.execute(f"INSERT INTO {table} TABLE {table}_kept")
                await root.execute(f"DROP TABLE {table}_kept")
    assert await audited(ledger) == clean


async def test_the_hash_is_the_same_in_whatever_order_the_facts_came(
    ledger: Ledger, fresh_ledger: Ledger
) -> None:
    await ledger.openings(LOTS)
    await ledger.bills(BILLS)
    for start in range(len(BILLS), 0, -150):
        await fresh_ledger.bills(BILLS[start - 150 : start][::-1])
    await fresh_ledger.openings(LOTS[::-1])
    one, other = await audited(ledger), await audited(fresh_ledger)
    assert one.ledger_hash == other.ledger_hash
    await ledger.bills([a_bill(60)])
    assert (await audited(ledger)).ledger_hash != other.ledger_hash


async def test_the_command_ends_with_one_when_something_differs(fresh_ledger: Ledger) -> None:
    ledger = await filled(fresh_ledger)
    command = [sys.executable, "-m", "holdfast", "audit", "points"]
    command += ["--database", ledger.urls["migrate"]]
    clean = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: ASYNC221 - the loop has nothing else to do.
    assert (clean.returncode, clean.stderr) == (0, "")
    assert "differences               0" in clean.stdout
    async with ledger.connected("superuser") as root:
        await root.execute(CORRUPTIONS["a balance"][0])
    red = subprocess.run([*command, "--json"], capture_output=True, check=False, timeout=60)  # noqa: ASYNC221 - as above.
    assert red.returncode == 1
    assert json.loads(red.stdout)["differences"][0]["about"].startswith("lot 7/")
