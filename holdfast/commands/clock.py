"""`holdfast clock start|show`: business time of an installation, an operator's act."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.commands.roles import Superuser
from shared import clock
from shared.database import create_engine

app = typer.Typer(
    name="clock", help="Business time: what deadlines and caps go by.", no_args_is_help=True
)


@app.command()
def start(
    superuser: Superuser,
    *,
    begin: Annotated[
        str, typer.Option(help="ISO 8601 with offset; left out: now", show_default=False)
    ] = "",
    rate: Annotated[float, typer.Option(min=0, help="business seconds a second")] = 1.0,
) -> None:
    """Begin business time once, or go on where it stood, before any process runs.

    Example: holdfast clock start
    """
    moment = datetime.fromisoformat(begin) if begin else None
    if moment is not None and moment.tzinfo is None:
        raise typer.BadParameter("--begin needs an offset: 2026-02-27T07:00:00+08:00")
    asyncio.run(_start(superuser, moment, rate))
    show(superuser)


@app.command()
def show(superuser: Superuser) -> None:
    """Every segment of business time, and what it is now.

    Example: holdfast clock show
    """
    present = asyncio.run(_read(superuser))
    for segment in present.segments:
        wall, business = segment.wall_from.isoformat(), segment.business_from.isoformat()
        print(f"from {wall}  business {business}  rate {segment.rate:g}")
    try:
        print(f"now  {present.now().isoformat()}")
    except clock.NoClock as missing:
        print(missing)
        raise typer.Exit(1) from missing


async def _start(superuser: str, begin: datetime | None, rate: float) -> None:
    async with _connected(superuser) as connection:
        known = await clock.read(connection)
        # Production starts once; a deployment that runs this again must not disturb it.
        if not known.segments or known.rate != rate:
            await clock.resume(connection, rate=rate, begin=begin)


async def _read(superuser: str) -> clock.Clock:
    async with _connected(superuser) as connection:
        return await clock.read(connection)


@asynccontextmanager
async def _connected(superuser: str) -> AsyncGenerator[AsyncConnection]:
    engine = create_engine(superuser, application="holdfast-clock", pool_size=1)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()
