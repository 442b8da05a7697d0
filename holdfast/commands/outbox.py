"""`holdfast outbox reseed SERVICE`: an operator's act after a restore into another cluster."""

import asyncio
import getpass
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from holdfast.database_urls import database_url
from holdfast.outbox_reseed import Standing, standing
from holdfast.outbox_reseed import reseed as place_anew
from holdfast.stack.state import SERVICES
from shared.database import create_engine

app = typer.Typer(
    name="outbox", help="Facts on their way out, and the relay's cursor.", no_args_is_help=True
)


@app.callback()
def root() -> None:
    """Without a callback a single command would swallow its own name."""


@app.command()
def reseed(
    service: Annotated[str, typer.Argument(help=f"one of {', '.join(SERVICES)}")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do it; without, only tell")] = False,
    home: Annotated[Path | None, typer.Option(help="the stack's folder")] = None,
) -> None:
    """Place the relay's cursor in the cluster that the schema was restored into.

    First make sure that no process uses the database it was restored from: two relays would tell
    two histories. Facts that had not left are sent; what had left is dropped from the outbox.
    Runs as the schema's owner (HOLDFAST_<SERVICE>_MIGRATE_DATABASE_URL, else the local stack).

    Example: holdfast outbox reseed points --yes
    """
    found, place = asyncio.run(_reseed(database_url(service, "migrate", home), act=yes))
    print(f"cursor      {found.cursor}  of server {found.cursor_server}")
    print(f"this server {found.this_server}")
    if found.same_server:
        print("The cursor is this server's own: there is nothing to do.")
        return
    print(f"left        {found.left:>10,}  facts had been sent before the restore; are dropped")
    print(f"waiting     {found.waiting:>10,}  facts had not; are sent")
    print(f"since       {found.written_here:>10,}  facts were written here; are sent")
    if not yes:
        print("Nothing was changed. Say --yes when no process uses the old database any more.")
    else:
        who, when = f"{getpass.getuser()}@{socket.gethostname()}", datetime.now(UTC).isoformat()
        print(f"reseeded    {place}  by {who} at {when}; keep this for the record")
        print(f"Now `holdfast restart worker-{service}`.")


async def _reseed(url: str, *, act: bool) -> tuple[Standing, str]:
    engine = create_engine(url, application="holdfast-outbox", pool_size=1)
    try:
        async with engine.connect() as connection:
            found = await standing(connection)
        return found, await place_anew(engine) if act and not found.same_server else ""
    finally:
        await engine.dispose()
