"""`holdfast maintain`: daily partitions ahead, and what is past its time goes (a daily act)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from holdfast import maintenance
from holdfast.database_urls import database_url
from holdfast.maintenance import Done
from holdfast.stack.state import SERVICES

_ADVISORY_LOCK = 0x4D61696E  # one `maintain` a schema; a second one leaves it to the first


def maintain(
    services: Annotated[list[str] | None, typer.Argument(help="all if left out")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell")] = False,
    home: Annotated[Path | None, typer.Option(help="the stack's folder")] = None,
) -> None:
    """Make the partitions of the next seven days and drop what is past its time.

    Outbox days whose facts have all left, inbox days that no log holds any more, links after 90
    days, idempotency keys after 24 hours. Run it daily, as the roles that own the schemas
    (HOLDFAST_<SERVICE>_MIGRATE_DATABASE_URL, else the local stack, which runs it by itself).

    Example: holdfast maintain --dry-run
    """
    said = [
        _line(service, done.table, "" if done.rows is None else f"{done.rows:,}", done.what)
        for service in services or SERVICES
        for done in asyncio.run(
            _maintain(service, database_url(service, "migrate", home), dry=dry_run)
        )
    ]
    head = _line("schema", "table", "rows", "would be" if dry_run else "done")
    print("\n".join([head, *said] if said else ["nothing to do"]))


def _line(schema: str, table: str, rows: str, what: str) -> str:
    return f"{schema:<11}{table:<19}{rows:>9}  {what}"


async def _maintain(service: str, url: str, *, dry: bool) -> list[Done]:
    async with _alone(url) as engine:
        if engine is None:
            return [Done("all", "left to another `holdfast maintain` that is at work")]
        return [done async for done in maintenance.maintain(engine, service, dry=dry)]


@asynccontextmanager
async def _alone(url: str) -> AsyncGenerator[AsyncEngine | None]:
    """An engine while nobody else maintains this schema; None while somebody does."""
    # Not shared.database's engine: one connection holds the lock while others work.
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=pool.NullPool,
        connect_args={"server_settings": {"application_name": "holdfast-maintain"}},
    )
    try:
        async with engine.connect() as holder:
            # No transaction stays open here: it would hold back the relays.
            held = await holder.execution_options(isolation_level="AUTOCOMMIT")
            taken = await held.scalar(
                text("SELECT pg_try_advisory_lock(:id, hashtext(current_schema()))"),
                {"id": _ADVISORY_LOCK},
            )
            yield engine if taken else None
    finally:
        await engine.dispose()
