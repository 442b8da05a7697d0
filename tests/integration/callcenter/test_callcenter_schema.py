"""What the schema itself promises, whatever the code does."""

import asyncpg
import pytest
from contact_parts import FRIDAY_MORNING, Centre, a_plunge

TABLES = {
    "agreement",
    "alert",
    "at_risk",
    "bill",
    "contact",
    "contact_budget",
    "contact_grant",
    "customer",
    "episode",
    "guard",
    "portfolio",
    "proposal",
    "signal",
    "task",
    "vault",
    "work_order",
}


async def test_whatever_the_web_role_may_read_of_customers_is_guarded(centre: Centre) -> None:
    readable = await centre.rows(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS guarded
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
        WHERE n.nspname = 'callcenter' AND c.relkind = 'r'
          AND has_table_privilege('callcenter_web', c.oid, 'SELECT')
        """
    )

    assert {row["relname"] for row in readable} == TABLES
    assert all(row["guarded"] for row in readable)


@pytest.mark.parametrize("table", sorted(TABLES - {"vault"}))
async def test_another_countys_rows_are_not_there_and_a_forgotten_caller_is_an_error(
    centre: Centre, customer: int, *, table: str
) -> None:
    await centre.granted(customer)
    async with centre.connected("web") as web:
        await web.execute("SELECT set_config('holdfast.organisation', '990102', false)")
        assert await web.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - one of ours.
        await web.execute("SELECT set_config('holdfast.organisation', '', false)")
        rows = await centre.value(f"SELECT count(*) FROM {table}")  # noqa: S608 - as above.
        if rows:
            with pytest.raises(asyncpg.PostgresError, match="organisation is not set"):
                await web.fetch(f"SELECT * FROM {table}")  # noqa: S608 - as above.


async def test_no_code_can_open_two_grants_for_a_customer(centre: Centre, customer: int) -> None:
    await centre.granted(customer)
    second = """
        INSERT INTO contact_grant (grant_id, customer_id, proposal_id, source, priority, state,
                                   granted_at, valid_until)
        SELECT gen_random_uuid(), customer_id, 'x', 'x', 1, 'open', granted_at, valid_until
        FROM contact_grant WHERE customer_id = $1
    """
    async with centre.connected("worker") as worker:
        with pytest.raises(asyncpg.PostgresError, match="contact_grant_open"):
            await worker.execute(second, customer)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM contact", "UPDATE contact SET reached = false", "DELETE FROM reveal"]
)
@pytest.mark.parametrize("role", ["web", "worker"])
async def test_what_was_recorded_stays(centre: Centre, *, role: str, statement: str) -> None:
    async with centre.connected(role) as connection:
        # Unset, the organisation would be the reason already.
        await connection.execute("SELECT set_config('holdfast.organisation', '99', false)")
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await connection.execute(statement)


async def test_ids_repeat_so_a_replay_invents_nothing(centre: Centre, customer: int) -> None:
    """The same proposal handled in another database would tell the same facts."""
    proposed = a_plunge(customer, at=FRIDAY_MORNING)
    await centre.granted(customer, proposed)
    first = await centre.rows("SELECT event_id FROM outbox WHERE key = $1", str(customer))
    for table in ("proposal", "contact_grant", "task", "contact_budget"):
        await centre.rows(f"DELETE FROM {table} WHERE customer_id = $1", customer)  # noqa: S608 - of these four.
    await centre.handle(proposed)

    told = await centre.rows(
        "SELECT event_id FROM outbox WHERE key = $1 ORDER BY id", str(customer)
    )
    granted = [row["event_id"] for row in told[-2:]]
    assert granted[0] == granted[1]
    assert len(told) == len(first) + 1
