"""`holdfast maintain`: daily partitions ahead, and what is past its time goes (a daily act)."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from holdfast.database_urls import database_url
from holdfast.maintenance import maintain_at
from holdfast.stack.state import SERVICES


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
            maintain_at(database_url(service, "migrate", home), service, dry=dry_run)
        )
    ]
    head = _line("schema", "table", "rows", "would be" if dry_run else "done")
    print("\n".join([head, *said] if said else ["nothing to do"]))


def _line(schema: str, table: str, rows: str, what: str) -> str:
    return f"{schema:<11}{table:<19}{rows:>9}  {what}"
