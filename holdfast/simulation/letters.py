"""The engineer on duty: finds the dead letters of the broken records, replays or discards each.

Through the very commands that `holdfast deadletters` has, as somebody at a terminal would.
"""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import typer

from holdfast import dead_letters
from holdfast.commands import deadletters
from holdfast.database_urls import database_url
from holdfast.dead_letters import STATES, Filter
from holdfast.simulation.broken import Broken
from holdfast.stack.state import SERVICES
from shared.database import create_engine

ROWS_MAX = 1_000
BECAUSE = "broken at its source; nothing of it can be mended"


@dataclass(frozen=True)
class Held:
    """A dead letter that a service holds, and the broken record it came of."""

    service: str
    letter_id: UUID
    state: str
    of: Broken | None

    @property
    def settled(self) -> bool:
        return self.state in ("replayed", "discarded")


async def held(home: Path, broken: tuple[Broken, ...]) -> list[Held]:
    """Every dead letter of every service."""
    by_id = {record.message.headers["ce_id"]: record for record in broken}
    found = [await _of_service(service, home, by_id) for service in SERVICES]
    return [letter for letters in found for letter in letters]


async def _of_service(service: str, home: Path, by_id: Mapping[str, Broken]) -> list[Held]:
    url = database_url(service, "worker", home)
    engine = create_engine(url, application="holdfast-simulation", pool_size=1)
    letters: list[Held] = []
    try:
        async with engine.connect() as connection:
            page = await dead_letters.page(connection, Filter(STATES), rows=ROWS_MAX)
            for letter in page:
                headers, _ = await dead_letters.content(connection, letter.id)
                record = by_id.get(headers.get("ce_id", ""))
                letters.append(Held(service, letter.id, letter.state, record))
    finally:
        await engine.dispose()
    return letters


async def settle(home: Path, broken: tuple[Broken, ...]) -> list[Held]:
    """Replay what can be mended, discard the rest, each letter by its own command."""
    waiting = [h for h in await held(home, broken) if not h.settled and h.of is not None]
    if waiting:
        with contextlib.redirect_stdout(io.StringIO()):
            await asyncio.gather(*(_settle_of(service, home, waiting) for service in SERVICES))
    return await held(home, broken)


async def _settle_of(service: str, home: Path, waiting: list[Held]) -> None:
    for letter in waiting:
        if letter.service == service:
            await asyncio.to_thread(_command, home, letter)


def _command(home: Path, letter: Held) -> None:
    """What is left open after it is counted by whoever asked."""
    record = letter.of
    with contextlib.suppress(typer.Exit):
        if record is None or record.mended is None:
            deadletters.discard(letter.letter_id, letter.service, because=BECAUSE, home=home)
            return
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(record.mended)
            file.flush()
            mended = Path(file.name)
            deadletters.replay(letter.letter_id, letter.service, value=mended, home=home)
