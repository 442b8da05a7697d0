"""Schemas and the code that runs on them: each may be newer than the other, within limits."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from doorway_parts import ends_with
from out_parts import Schema
from sqlalchemy.exc import ProgrammingError

from holdfast import roles
from holdfast.chaos.parts import Parts
from services.points.settings import SCHEMA
from shared.migrations.runner import upgrade
from shared.revision import SchemaMismatch, SchemaRange, require_revision

REVISION = "SELECT version_num FROM alembic_version"


@pytest.fixture
async def bare(doorway_servers: Parts) -> AsyncIterator[Schema]:
    """Roles and an empty schema, as before the first `holdfast migrate`."""
    made = Schema(doorway_servers, f"out_{uuid4().hex[:12]}")
    async with made.administration() as admin:
        await admin.execute(f"CREATE DATABASE {made.database}")
    url = doorway_servers.postgres.address.url(database=made.database)
    await roles.bootstrap(url, doorway_servers.passwords, ("points",))
    yield made
    await made.close()


async def migrate(schema: Schema, revision: str = "head") -> None:
    url = schema.parts.role_url("migrate", schema.database)
    await asyncio.to_thread(upgrade, "points", url, revision)


async def test_migrating_again_changes_nothing(schema: Schema) -> None:
    before = await schema.rows("SELECT relname FROM pg_class ORDER BY oid")
    await migrate(schema)
    assert await schema.rows("SELECT relname FROM pg_class ORDER BY oid") == before


async def test_two_that_migrate_at_once_wait_for_each_other(bare: Schema) -> None:
    url = bare.parts.role_url("migrate", bare.database)
    environment = os.environ | {"HOLDFAST_POINTS_MIGRATE_DATABASE_URL": url}
    words = ("-m", "holdfast", "migrate", "points")
    both = [
        await asyncio.create_subprocess_exec(sys.executable, *words, env=environment)
        for _ in range(2)
    ]
    assert await asyncio.gather(*(process.wait() for process in both)) == [0, 0]
    assert await bare.rows(REVISION) == [(f"{SCHEMA.known:04d}",)]


async def test_a_revision_that_fails_leaves_nothing_behind(bare: Schema) -> None:
    """The second revision meets a table of its own name, so the first is not kept either."""
    async with bare.connected("migrate") as owner:
        await owner.execute("CREATE TABLE programme ()")
    with pytest.raises(Exception, match="already exists"):
        await migrate(bare)
    assert await bare.rows("SELECT relname FROM pg_class WHERE relname = 'outbox'") == []


async def test_every_day_of_the_coming_week_has_its_partition(schema: Schema) -> None:
    for table in ("inbox", "outbox", "event_link"):
        missing = await schema.rows(
            f"""SELECT day::date FROM generate_series(current_date, current_date + 7, '1 day') day
            WHERE to_regclass('{table}_' || to_char(day, 'YYYYMMDD')) IS NULL"""  # noqa: S608 - one of three names above.
        )
        assert missing == []


def needing(*, lowest: int = SCHEMA.lowest, known: int = SCHEMA.known) -> SchemaRange:
    return replace(SCHEMA, lowest=lowest, known=known)


async def raise_floor(schema: Schema, known: int) -> None:
    """What a post_ migration does."""
    async with schema.connected("migrate") as owner:
        await owner.execute("UPDATE schema_floor SET known = $1", known)


@pytest.mark.parametrize("kind", ["web", "worker"])
async def test_code_runs_on_its_own_schema_and_on_a_newer_one(schema: Schema, kind: str) -> None:
    engine = schema.engine(kind)
    await require_revision(engine, SCHEMA)
    await require_revision(engine, needing(lowest=1, known=1))


async def test_a_schema_that_is_behind_is_refused_with_the_command(bare: Schema) -> None:
    engine = bare.engine()
    with pytest.raises(SchemaMismatch, match=r"at revision 0000.*holdfast migrate points"):
        await require_revision(engine, SCHEMA)
    await migrate(bare, "0001")
    with pytest.raises(
        SchemaMismatch, match=f"at revision 0001, this code needs {SCHEMA.lowest:04d}"
    ):
        await require_revision(engine, SCHEMA)


async def test_code_below_the_floor_is_refused_until_the_newer_release(schema: Schema) -> None:
    engine = schema.engine()
    await raise_floor(schema, SCHEMA.known)
    await require_revision(engine, SCHEMA)
    with pytest.raises(SchemaMismatch, match="Deploy the newer release"):
        await require_revision(engine, needing(lowest=1, known=SCHEMA.known - 1))


async def test_a_role_that_may_not_look_is_not_told_to_migrate(
    schema: Schema,
) -> None:
    engine = schema.engine()
    async with schema.connected() as operator:
        await operator.execute("REVOKE SELECT ON alembic_version FROM points_worker")
    with pytest.raises(ProgrammingError, match="permission denied"):
        await require_revision(engine, SCHEMA)


async def test_a_worker_without_its_schema_ends_with_78(bare: Schema) -> None:
    worker = replace(bare.parts, database=bare.database, workers=[]).start_worker()
    code, reason = await ends_with(worker)
    assert (code, "holdfast migrate points" in reason) == (78, True)
