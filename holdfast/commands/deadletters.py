"""`holdfast deadletters list|show|replay|discard`: records at fault, and what an operator does."""

import asyncio
import getpass
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast import dead_letters
from holdfast.database_urls import database_url
from holdfast.dead_letters import STATES, Filter, Letter, Wish
from holdfast.stack.state import SERVICES
from shared.database import create_engine
from shared.logging import mask

PATIENCE_SECONDS = 15.0
PARKED_SHOWN_MAX = 20

app = typer.Typer(
    name="deadletters",
    help="Records at fault: look, replay (mended or not), discard.",
    no_args_is_help=True,
)

Service = Annotated[str, typer.Option(help=f"one of {', '.join(SERVICES)}; all if left out")]
Home = Annotated[Path | None, typer.Option(help="the stack's folder")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]
Id = Annotated[UUID, typer.Argument(metavar="ID", help="as `holdfast deadletters list` shows it")]


@app.command("list")
def list_(
    service: Service = "",
    *,
    topic: Annotated[str | None, typer.Option(help="only of this topic")] = None,
    reason: Annotated[str | None, typer.Option(help="only with this reason")] = None,
    state: Annotated[str, typer.Option(help=f"one of {', '.join(STATES)}, all")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    after: Annotated[str, typer.Option(help="the `next` of the page before")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Dead letters, the oldest first; those that wait for you unless --state says otherwise.

    Example: holdfast deadletters list --topic holdfast.billing.v1
    """
    if state not in (*STATES, "all"):
        raise typer.BadParameter(f"--state is one of {', '.join(STATES)}, all")
    wanted = Filter(STATES if state == "all" else (state,), topic, reason, _cursor(after))
    found = asyncio.run(_page(_services(service), home, wanted, rows=limit + 1))
    more = len(found) > limit
    del found[limit:]
    following = f"{found[-1][1].first_seen.isoformat()}/{found[-1][1].id}" if more else None
    if as_json:
        letters = [{"service": name, **_plain(letter)} for name, letter in found]
        print(json.dumps({"letters": letters, "next": following}))
        return
    for name, letter in found:
        print(_line(name, letter))
    print(f"more: --after {following}" if following else f"{len(found)} dead letters")


@app.command()
def show(letter_id: Id, service: Service = "", *, home: Home = None, as_json: Json = False) -> None:
    """One letter: why, its headers and bytes with persons masked, and what waits behind it.

    Example: holdfast deadletters show 7d1f3c1e-0000-5000-8000-000000000000
    """
    found = asyncio.run(_shown(_services(service), home, letter_id))
    if as_json:
        print(json.dumps(found, default=str))
        return
    for name, value in found.items():
        print(f"{name:12} {value if isinstance(value, str) else json.dumps(value, default=str)}")


@app.command()
def replay(
    letter_id: Id,
    service: Service = "",
    *,
    value: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="a mended value, as bytes")
    ] = None,
    home: Home = None,
) -> None:
    """Let the worker handle the record again, then what waits behind it; ends with 1 if it fails.

    Example: holdfast deadletters replay 7d1f3c1e-0000-5000-8000-000000000000 --value mended.json
    """
    mended = value.read_bytes() if value else None
    _wish(letter_id, service, home, Wish("replay", getpass.getuser(), mended))


@app.command()
def discard(
    letter_id: Id,
    service: Service = "",
    *,
    because: Annotated[str, typer.Option(help="why; it is kept with the letter")],
    home: Home = None,
) -> None:
    """Give the record up; what waits behind it is handled. It stays in the table, with your reason.

    Example: holdfast deadletters discard 7d1f3c1e-0000-5000-8000-000000000000 --because "a test"
    """
    if not because.strip():
        raise typer.BadParameter("--because needs a reason")
    _wish(letter_id, service, home, Wish("discard", f"{getpass.getuser()}: {because.strip()}"))


def _services(service: str) -> tuple[str, ...]:
    return (service,) if service else SERVICES


def _cursor(after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    seen, _, last = after.partition("/")
    try:
        return datetime.fromisoformat(seen), UUID(last)
    except ValueError as error:
        raise typer.BadParameter("--after takes the `next` of a page, as it stands") from error


@asynccontextmanager
async def _engine(service: str, home: Path | None) -> AsyncGenerator[AsyncEngine]:
    url = database_url(service, "worker", home)
    # Not the worker's own name: by its name its sessions are counted.
    engine = create_engine(url, application="holdfast-deadletters", pool_size=1)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _page(
    services: tuple[str, ...], home: Path | None, wanted: Filter, *, rows: int
) -> list[tuple[str, Letter]]:
    found: list[tuple[str, Letter]] = []
    for service in services:
        async with _engine(service, home) as engine, engine.connect() as connection:
            letters = await dead_letters.page(connection, wanted, rows=rows)
        found += [(service, letter) for letter in letters]
    found.sort(key=lambda one: (one[1].first_seen, one[1].id))
    return found[:rows]


async def _whose(services: tuple[str, ...], home: Path | None, letter_id: UUID) -> str:
    """The one service that holds the letter; a record is the same letter wherever it is read."""
    holders: list[str] = []
    for service in services:
        async with _engine(service, home) as engine, engine.connect() as connection:
            if await dead_letters.find(connection, letter_id):
                holders.append(service)
    match holders:
        case [holder]:
            return holder
        case []:
            raise typer.BadParameter(f"no dead letter {letter_id} in {', '.join(services)}")
        case _:
            raise typer.BadParameter(
                f"{' and '.join(holders)} each hold it: say which with --service"
            )


async def _shown(
    services: tuple[str, ...], home: Path | None, letter_id: UUID
) -> dict[str, object]:
    service = await _whose(services, home, letter_id)
    async with _engine(service, home) as engine, engine.connect() as connection:
        letter = await dead_letters.find(connection, letter_id)
        headers, value = await dead_letters.content(connection, letter_id)
        behind = await dead_letters.waiting_behind(connection, letter_id, rows=PARKED_SHOWN_MAX)
    return {
        "service": service,
        **(_plain(letter) if letter else {}),
        "headers": mask(headers),
        "value": _masked(value),
        "waiting": [asdict(record) for record in behind],
    }


def _wish(letter_id: UUID, service: str, home: Path | None, wish: Wish) -> None:
    clean, told = asyncio.run(_asked(_services(service), home, letter_id, wish))
    print(told)
    if not clean:
        raise typer.Exit(1)


async def _asked(
    services: tuple[str, ...], home: Path | None, letter_id: UUID, wish: Wish
) -> tuple[bool, str]:
    """Whether the wish is carried out, and what to tell the operator."""
    service = await _whose(services, home, letter_id)
    async with _engine(service, home) as engine:
        async with engine.begin() as connection:
            asked = await dead_letters.ask(connection, letter_id, wish)
            letter = await dead_letters.find(connection, letter_id)
            runs = await dead_letters.worker_runs(connection, service)
        if letter is None or not asked:
            return False, f"it is not open but {letter.state if letter else 'gone'}: left as it is"
        if not runs:
            return False, (
                f"asked for, but no worker of {service} is running: it will be carried out when "
                f"one starts (`holdfast worker {service}`, or `holdfast up`)"
            )
        after = await dead_letters.settled(engine, letter, seconds=PATIENCE_SECONDS)
    if after.state == wish.state:
        return False, (
            f"asked for, but not carried out in {PATIENCE_SECONDS:g} s: a worker of {service} runs "
            f"but none owns {letter.topic}/{letter.partition} now; see `holdfast status`"
        )
    if after.state == "open":
        return (
            False,
            f"failed again ({after.reason}, attempt {after.attempts}): {mask(after.detail)}",
        )
    return True, f"{after.state}; records that waited behind it: {letter.parked}"


def _plain(letter: Letter) -> dict[str, object]:
    moments = {
        name: moment.isoformat() if moment else None
        for name, moment in (("first_seen", letter.first_seen), ("resolved_at", letter.resolved_at))
    }
    shown = {name: getattr(letter, name) for name in ("key", "detail", "resolved_by")}
    return {**asdict(letter), "id": str(letter.id), **moments, **mask(shown)}


def _line(service: str, letter: Letter) -> str:
    place = f"{letter.topic}/{letter.partition}/{letter.offset}"
    seen = letter.first_seen.isoformat(timespec="seconds")
    waits = f"  {letter.parked} wait behind it" if letter.parked else ""
    return f"{letter.id}  {seen}  {service}  {place}  {letter.state}  {letter.reason}{waits}"


def _masked(value: bytes) -> str:
    """Bytes as text without persons; in JSON their names are known by their fields."""
    try:
        return json.dumps(mask(json.loads(value)), ensure_ascii=False)
    except ValueError:
        return mask(value.decode("utf-8", "backslashreplace"))
