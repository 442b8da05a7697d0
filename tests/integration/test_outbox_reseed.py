"""A schema restored into another cluster: what had not left leaves, what had does not again."""

import asyncio

import pytest
from out_parts import PATIENCE_SECONDS, OutTopic, Schema, ids_of
from typer.testing import CliRunner

from holdfast.cli import build
from holdfast.maintenance import maintain_at
from shared.relay import WrongServer

# What pg_restore leaves: rows whose ids were given by another cluster, and its cursor.
_OLD = "9999000000"
_RESTORED = f"""
    UPDATE outbox SET xid = '{_OLD}';
    UPDATE outbox_cursor SET system_identifier = 1, xid = '{_OLD}',
        last_id = (SELECT id FROM outbox ORDER BY id OFFSET 2 LIMIT 1)
"""  # noqa: S608 - a constant of ours.
CURSOR = (
    "SELECT c.system_identifier = s.system_identifier FROM outbox_cursor c, pg_control_system() s"
)


async def reseed(*words: str) -> str:
    """The command as typed; in a thread, since it has a loop of its own."""
    command = ["outbox", "reseed", "points", *words]
    ran = await asyncio.to_thread(CliRunner().invoke, build("outbox"), command)
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.fixture
def environment(schema: Schema, monkeypatch: pytest.MonkeyPatch) -> str:
    """The owner's URL, where the commands look for it."""
    url = schema.parts.role_url("migrate", schema.database)
    monkeypatch.setenv("HOLDFAST_POINTS_MIGRATE_DATABASE_URL", url)
    return url


@pytest.mark.usefixtures("environment")
async def test_after_a_restore_the_relay_names_the_command_by_which_it_goes_on(
    schema: Schema, topic: OutTopic
) -> None:
    restored = [topic.record(key=str(n)) for n in range(5)]
    await schema.emit(*restored)
    async with schema.connected() as operator:
        await operator.execute(_RESTORED)
    since = topic.record(key="since")
    await schema.emit(since)
    async with schema.relay() as relay:
        with pytest.raises(WrongServer, match="`holdfast outbox reseed points --yes`"):
            await asyncio.wait_for(relay, PATIENCE_SECONDS)

    told = await reseed()
    assert [int(told.split(word)[1].split()[0]) for word in ("left ", "waiting ", "since ")] == [
        3,
        2,
        1,
    ]
    assert "Nothing was changed" in told
    assert await schema.rows(CURSOR) == [(False,)]

    assert "by " in (await reseed("--yes")).split("reseeded")[1]
    assert await schema.rows(CURSOR) == [(True,)]
    later = topic.record(key="later")
    await schema.emit(later)
    async with topic.reader() as reader, schema.relay():
        await reader.until(ids_of([*restored[3:], since, later]))
    assert len(reader.ids) == 4


async def test_what_was_written_since_a_restore_waits_for_the_reseed_where_it_lies(
    schema: Schema, topic: OutTopic, environment: str
) -> None:
    """Days are kept up meanwhile; a row that moves would look like one that came with the dump."""
    async with schema.connected() as operator:
        await operator.execute(
            "DO $$ BEGIN EXECUTE 'DROP TABLE ' || "
            "to_char(current_date, '\"outbox_\"YYYYMMDD'); END $$"
        )
    await schema.emit(*(topic.record(key=str(n)) for n in range(3)))
    async with schema.connected() as operator:
        await operator.execute(_RESTORED)
    since = topic.record(key="since")
    await schema.emit(since)

    await maintain_at(environment, "points", dry=False)
    await reseed("--yes")

    async with topic.reader() as reader, schema.relay():
        await reader.until(ids_of([since]))


@pytest.mark.usefixtures("environment")
async def test_a_cursor_of_this_server_is_left_alone(schema: Schema, topic: OutTopic) -> None:
    await schema.emit(topic.record(key="1"))
    before = await schema.rows("SELECT xid::text, last_id FROM outbox_cursor")

    assert "there is nothing to do" in await reseed("--yes")

    assert await schema.rows("SELECT xid::text, last_id FROM outbox_cursor") == before
    assert await schema.rows("SELECT count(*) FROM outbox") == [(1,)]
