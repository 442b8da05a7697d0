"""`upgrade(service, url)`: bring one schema to the newest revision, one process at a time."""

import asyncio
from importlib.resources import files

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

# One lock for all schemas of a database: two `migrate` at once would wait, not race.
_ADVISORY_LOCK = 0x486F6C64


def upgrade(service: str, url: str, revision: str = "head") -> None:
    """Run the service's migrations as the role in `url`, which owns the schema.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database refused; nothing of the revision stays.
    """
    config = Config()
    config.set_main_option("script_location", str(files(f"services.{service}") / "migrations"))
    config.attributes["url"] = url
    config.attributes["service"] = service
    command.upgrade(config, revision)


def run_env() -> None:
    """What a service's migrations/env.py calls."""
    asyncio.run(_run())


async def _run() -> None:
    url = make_url(context.config.attributes["url"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection, connection.begin():
            await connection.run_sync(_migrate, context.config.attributes["service"])
    finally:
        await engine.dispose()


def _migrate(connection: Connection, service: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _ADVISORY_LOCK})
    connection.execute(text(f"SET LOCAL search_path = {service}"))
    context.configure(
        connection=connection, version_table="alembic_version", version_table_schema=service
    )
    with context.begin_transaction():
        context.run_migrations()
