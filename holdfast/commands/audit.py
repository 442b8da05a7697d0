"""`holdfast audit points`: replay the entries and prove the balances."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import pool
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from holdfast.stack import parts
from holdfast.stack.state import home_folder, load
from services.points.ledger.audit import DIFFERENCES_SHOWN_MAX, Audit
from services.points.store.audit import audit

app = typer.Typer(name="audit", help="Prove what must add up.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Without a callback a single command would swallow its own name."""


@app.command()
def points(
    database: Annotated[
        str,
        typer.Option(
            envvar="HOLDFAST_POINTS_MIGRATE_DATABASE_URL",
            help="URL of the role points_migrate; the local stack's if left out",
        ),
    ] = "",
    *,
    home: Annotated[Path | None, typer.Option(help="the stack's folder")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Replay every entry of the ledger and compare with the balances; ends with 1 if they differ.

    It reads one snapshot and changes nothing; posting goes on meanwhile. Two ledgers made from the
    same log have the same hash.

    Example: holdfast audit points
    """
    found = asyncio.run(_audit(database) if database else audit_of(home))
    print(json.dumps(asdict(found)) if as_json else "\n".join(_told(found)))
    if not found.clean:
        raise typer.Exit(1)


def _local_url(home: Path | None) -> str:
    folder = home_folder(home)
    state = load(folder)
    if state is None:
        raise typer.BadParameter(
            f"no stack in {folder}: run `holdfast up`, or give --database the URL of points_migrate"
        )
    return parts.role_url(state, "points", "migrate")


async def audit_of(home: Path | None) -> Audit:
    """The audit of the local stack's ledger."""
    return await _audit(_local_url(home))


async def _audit(url: str) -> Audit:
    # Not shared.database's engine: it limits statements to seconds, and this one reads everything.
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=pool.NullPool
    )
    try:
        async with engine.connect() as connection, connection.begin():
            return await audit(connection)
    finally:
        await engine.dispose()


def _told(found: Audit) -> list[str]:
    shown = [f"  {difference.about}: {difference.said}" for difference in found.differences]
    if len(shown) >= DIFFERENCES_SHOWN_MAX:
        shown.append(f"  (of each kind the first {DIFFERENCES_SHOWN_MAX} are shown)")
    return [
        f"entries      {found.entries:>14,}",
        f"lots         {found.lots:>14,}",
        f"redemptions  {found.redemptions:>14,}",
        f"points held  {found.lot_balance:>14,}  by the lots",
        f"             {found.customer_balance:>14,}  by the entries",
        f"differences  {len(found.differences):>14,}",
        *shown,
        f"ledger hash  {found.ledger_hash}",
    ]
