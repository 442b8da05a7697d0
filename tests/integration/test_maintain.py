"""What `holdfast maintain` makes and drops: days ahead, days past, and nothing that is needed."""

import asyncio
from datetime import date, timedelta

import pytest
from out_parts import OutTopic, Schema, ids_of
from prometheus_client import REGISTRY
from typer.testing import CliRunner

from holdfast import partitions
from holdfast.cli import build
from holdfast.maintenance import inbox_days
from shared.partition_watch import measure

DAILY = ("inbox", "outbox", "event_link")

_PARTITIONS = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ANY(ARRAY['inbox', 'outbox', 'event_link']::regclass[])
"""


@pytest.fixture(autouse=True)
def environment(schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    url = schema.parts.role_url("migrate", schema.database)
    monkeypatch.setenv("HOLDFAST_POINTS_MIGRATE_DATABASE_URL", url)


async def maintain(*words: str) -> str:
    """The command as typed; in a thread, since it has a loop of its own."""
    command = ["maintain", "points", *words]
    ran = await asyncio.to_thread(CliRunner().invoke, build("maintain"), command)
    assert ran.exit_code == 0, ran.output
    return ran.output


def unplaced() -> float:
    """What the alarm goes by."""
    name = "holdfast_default_partition_bytes"
    return REGISTRY.get_sample_value(name, {"table": "outbox"}) or 0


async def days(schema: Schema) -> set[str]:
    return {name for (name,) in await schema.rows(_PARTITIONS)}


async def today(schema: Schema) -> date:
    [(day,)] = await schema.rows("SELECT current_date")
    return day


async def execute(schema: Schema, *statements: str) -> None:
    async with schema.connected("migrate") as operator:
        for statement in statements:
            await operator.execute(statement)


async def without_day(schema: Schema, day: date) -> None:
    """As when `maintain` did not run in time: rows of that day go to the default partitions."""
    await execute(schema, *(f"DROP TABLE {table}_{day:%Y%m%d}" for table in DAILY))


async def a_past_day(schema: Schema, table: str, day: date) -> None:
    bounds = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    await execute(
        schema, f"CREATE TABLE {table}_{day:%Y%m%d} PARTITION OF {table} FOR VALUES {bounds}"
    )


async def test_seven_days_ahead_have_partitions_and_a_second_run_has_nothing_to_do(
    schema: Schema,
) -> None:
    now = await today(schema)
    for ahead in range(3, 8):
        await without_day(schema, now + timedelta(days=ahead))

    async with schema.connected("migrate") as first:
        await first.execute("SELECT pg_advisory_lock(1298229614, hashtext('points'))")
        assert "another `holdfast maintain`" in await maintain()
    told = await maintain("--dry-run")
    assert len(await days(schema)) == 3 * (3 + 1)
    assert "would be" in told
    await maintain()

    wanted = {f"{t}_{now + timedelta(days=n):%Y%m%d}" for t in DAILY for n in range(8)}
    assert wanted <= await days(schema)
    assert await maintain() == "nothing to do\n"


async def test_rows_that_came_before_their_partition_move_into_it_and_still_leave(
    schema: Schema, topic: OutTopic
) -> None:
    now = await today(schema)
    await without_day(schema, now)
    await measure(schema.engine())
    assert unplaced() == 0
    records = [topic.record(key="1") for _ in range(3)]
    await schema.emit(*records)
    where = "SELECT DISTINCT tableoid::regclass::text FROM outbox"
    assert await schema.rows(where) == [("outbox_default",)]

    await measure(schema.engine())
    assert unplaced() > 0
    await maintain()

    assert await schema.rows(where) == [(f"outbox_{now:%Y%m%d}",)]
    assert await schema.rows("SELECT count(*) FROM event_link_default") == [(0,)]
    await schema.emit(later := topic.record(key="1"))
    async with topic.reader() as reader, schema.relay():
        await reader.until(ids_of([*records, later]))
    assert [row for (row,) in await schema.rows("SELECT event_id FROM outbox ORDER BY id")] == (
        reader.ids
    )


async def test_an_outbox_day_is_dropped_only_when_all_its_facts_have_left(
    schema: Schema, topic: OutTopic
) -> None:
    past = await today(schema) - timedelta(days=3)
    await a_past_day(schema, "outbox", past)
    await schema.emit(record := topic.record(key="1"))
    await execute(schema, "UPDATE outbox SET created_at = current_date - 2.5 * interval '1 day'")

    await execute(schema, "UPDATE outbox_cursor SET system_identifier = -system_identifier")
    assert "holdfast outbox reseed points" in await maintain()
    await execute(schema, "UPDATE outbox_cursor SET system_identifier = -system_identifier")
    assert "have not left yet" in await maintain()
    assert f"outbox_{past:%Y%m%d}" in await days(schema)

    async with topic.reader() as reader, schema.relay():
        await reader.until(ids_of([record]))
    await execute(schema, "UPDATE outbox_cursor SET (xid, last_id) = (SELECT xid, id FROM outbox)")
    await maintain()
    assert f"outbox_{past:%Y%m%d}" not in await days(schema)
    assert await schema.rows("SELECT event_id FROM event_link") == [(record.event_id,)]


async def test_inbox_and_links_are_kept_as_long_as_they_are_needed_and_no_longer(
    schema: Schema,
) -> None:
    now = await today(schema)
    kept = {"inbox": inbox_days("points"), "event_link": 90}
    for table, length in kept.items():
        for day in (length, length + 1):
            await a_past_day(schema, table, now - timedelta(days=day))

    await maintain()

    there = await days(schema)
    for table, length in kept.items():
        assert f"{table}_{now - timedelta(days=length):%Y%m%d}" in there
        assert f"{table}_{now - timedelta(days=length + 1):%Y%m%d}" not in there


async def test_keys_go_after_a_day_and_late_ids_when_no_log_can_repeat_them(
    schema: Schema,
) -> None:
    await execute(
        schema,
        "INSERT INTO idempotency (caller, key, fingerprint, created_at) "
        "SELECT 'a', n, '', now() - make_interval(hours => 20 + n % 10) "
        "FROM generate_series(1, 5000) n",
        "INSERT INTO inbox SELECT current_date - 400 - n, gen_random_uuid() "
        "FROM generate_series(1, 100) n",
    )

    await maintain()

    # Of hours 20 to 29 those below 24; one of exactly 24 is older by the time we look.
    assert await schema.rows("SELECT count(*) FROM idempotency") == [(2000,)]
    assert await schema.rows("SELECT count(*) FROM inbox") == [(inbox_days("points"),)]


async def test_a_table_that_somebody_holds_is_left_for_the_next_run(
    schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "ATTEMPTS_MAX", 1)
    last = await today(schema) + timedelta(days=7)
    await without_day(schema, last)
    async with schema.connected() as holder, holder.transaction():
        await holder.execute("LOCK TABLE event_link IN ACCESS SHARE MODE")
        await holder.execute("LOCK TABLE event_link_default IN ACCESS SHARE MODE")
        told = await maintain()

    assert "busy" in told
    there = await days(schema)
    assert (f"outbox_{last:%Y%m%d}" in there, f"event_link_{last:%Y%m%d}" in there) == (True, False)
