"""Least privilege: what a role may not do is refused by the database, whatever the code says."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from out_parts import Schema, new_schema

from holdfast import roles
from holdfast.chaos.parts import Parts

CHANGES = {
    "web": (
        "UPDATE outbox SET topic = 'x'",
        "DELETE FROM outbox",
        "UPDATE event_link SET type = 'x'",
        "DELETE FROM event_link",
        "UPDATE outbox_cursor SET last_id = 0",
        "UPDATE relay_lease SET owner = 'me'",
        "UPDATE position SET next_offset = 0",
        "DELETE FROM position",
        "INSERT INTO inbox VALUES (current_date, gen_random_uuid())",
        "UPDATE dead_letter SET state = 'discarded'",
        "DELETE FROM parked",
        "UPDATE idempotency SET caller = 'another'",
        "UPDATE schema_floor SET known = 0",
    ),
    "worker": (
        "UPDATE outbox SET topic = 'x'",
        "DELETE FROM outbox",
        "DELETE FROM event_link",
        "DELETE FROM outbox_cursor",
        "DELETE FROM position",
        "UPDATE inbox SET day = current_date",
        "DELETE FROM inbox",
        "DELETE FROM dead_letter",
        "SELECT FROM idempotency",
        "UPDATE schema_floor SET known = 0",
        "UPDATE org_unit SET dispatcher = 'me'",
    ),
}
EVERYWHERE = (
    "INSERT INTO clock_segment VALUES (now(), now(), 1)",
    "DELETE FROM clock_segment",
    "CREATE TABLE mine ()",
    "CREATE TABLE public.mine ()",
    "CREATE TEMPORARY TABLE mine ()",
    "TRUNCATE outbox",
    "DROP TABLE outbox",
    "CREATE ROLE mine",
)
LIMITED = ("web", "worker")


@pytest.fixture(scope="module")
async def kept(doorway_servers: Parts) -> AsyncIterator[Schema]:
    """One schema for tests that are refused, or change nothing."""
    async with new_schema(doorway_servers) as made:
        yield made


@pytest.mark.parametrize(
    ("kind", "change"),
    [(kind, change) for kind in LIMITED for change in (*CHANGES[kind], *EVERYWHERE)],
)
async def test_a_role_may_not(kept: Schema, kind: str, change: str) -> None:
    async with kept.connected(kind) as connection:
        with pytest.raises(asyncpg.PostgresError, match=r"permission denied|must be owner"):
            await connection.execute(change)


async def test_every_role_reads_the_clock_and_finds_its_tables_by_their_names(
    kept: Schema,
) -> None:
    for kind in roles.KINDS:
        async with kept.connected(kind) as connection:
            assert await connection.fetchval("SELECT count(*) FROM clock_segment") == 1
            assert await connection.fetchval("SELECT known FROM schema_floor") == 1


async def test_a_role_of_one_service_sees_nothing_of_another(schema: Schema) -> None:
    passwords = {f"alerts_{kind}": "secret" for kind in roles.KINDS} | schema.parts.passwords
    url = schema.parts.postgres.address.url(database=schema.database)
    await roles.bootstrap(url, passwords, ("points", "alerts"))

    stranger = schema.parts.postgres.address.url(
        user="alerts_worker", password=passwords["alerts_worker"], database=schema.database
    )
    connection = await asyncpg.connect(stranger)
    try:
        with pytest.raises(asyncpg.PostgresError, match="permission denied for schema points"):
            await connection.execute("SELECT FROM points.outbox")
    finally:
        await connection.close()


async def test_making_the_roles_again_changes_nothing(schema: Schema) -> None:
    grants = "SELECT relname, relacl::text FROM pg_class WHERE relacl IS NOT NULL ORDER BY 1"
    before = await schema.rows(grants)
    url = schema.parts.postgres.address.url(database=schema.database)

    await roles.bootstrap(url, schema.parts.passwords, ("points",))

    assert await schema.rows(grants) == before
    async with schema.connected("worker") as worker:
        assert await worker.fetchval("SHOW search_path") == "points, holdfast"


@pytest.mark.parametrize("kind", LIMITED)
async def test_a_transaction_ends_after_two_seconds(kept: Schema, kind: str) -> None:
    """One open write transaction anywhere holds back every relay of the server."""
    async with kept.connected(kind) as connection:
        await connection.execute("BEGIN")
        for _ in range(2):
            await connection.execute("SELECT pg_sleep(0.7)")
        with pytest.raises(asyncpg.PostgresError, match="transaction timeout"):
            await connection.execute("SELECT pg_sleep(0.7)")


@pytest.mark.parametrize("kind", LIMITED)
async def test_a_forgotten_transaction_ends_after_one_second(kept: Schema, kind: str) -> None:
    async with kept.connected(kind) as connection:
        await connection.execute("BEGIN")
        await asyncio.sleep(1.5)  # doing nothing is what is tested
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.execute("SELECT 1")


@pytest.mark.parametrize("kind", LIMITED)
async def test_a_statement_ends_after_two_seconds(kept: Schema, kind: str) -> None:
    async with kept.connected(kind) as connection:
        with pytest.raises(asyncpg.PostgresError, match="timeout"):
            await connection.execute("SELECT pg_sleep(5)")


async def test_the_migrating_role_has_the_time_that_it_needs(kept: Schema) -> None:
    async with kept.connected("migrate") as connection:
        assert await connection.fetchval("SHOW transaction_timeout") == "0"


@pytest.mark.parametrize("organisation", [None, ""])
async def test_a_forgotten_organisation_is_an_error(kept: Schema, organisation: str | None) -> None:
    async with kept.connected("web") as web:
        if organisation is not None:
            await web.execute("SELECT set_config('holdfast.organisation', $1, false)", organisation)
        with pytest.raises(asyncpg.PostgresError, match="organisation is not set"):
            await web.fetchval("SELECT organisation_visible('990101')")


@pytest.mark.parametrize(
    ("organisation", "visible"),
    [("99", True), ("9901", True), ("990101", True), ("990102", False), ("990101001", False)],
)
async def test_an_organisation_sees_what_its_code_begins(
    kept: Schema, organisation: str, *, visible: bool
) -> None:
    async with kept.connected("web") as web, web.transaction():
        await web.execute("SELECT set_config('holdfast.organisation', $1, true)", organisation)
        assert await web.fetchval("SELECT organisation_visible('990101')") is visible
