"""Cut-over day: opening records through the doorways, nothing into tables behind them (§5)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

from holdfast.simulation import opening
from holdfast.simulation.delivery import Delivery
from holdfast.simulation.gateway import Gateway, Refused
from holdfast.simulation.upload import SOURCE
from holdfast.simulation.world import World
from shared.number_hash import NumberHasher

VAULT_ROWS = 1_000  # of one request
AT_ONCE = 3

Say = Callable[[str], None]


async def seed(
    world: World,
    delivery: Delivery,
    *,
    boss: Gateway,
    mediation: Gateway,
    hasher: NumberHasher,
    numbers_read: Callable[[], Awaitable[object]],
    say: Say,
) -> None:
    """Everything an operator delivers before the first day.

    `numbers_read` waits: call records need numbers' owners first, and four services' reading of the
    profiles would keep one of them from those.

    Raises:
        Refused: a service did not take it.
    """
    population, plan = world.population, world.plan
    await _register(mediation)

    async def deliver() -> None:
        # Columns are made in no time and read for long, so they go first.
        with _told(f"a year of bills and use of {population.size:,} customers", say):
            await delivery.send(opening.baselines(population, plan))
        with _told(f"points of {population.size:,} customers", say):
            await delivery.send(opening.lots(population))
        with _told(f"numbers of {population.size:,} customers, until they were read", say):
            await delivery.send_bulk(opening.identities(population, hasher))
            await numbers_read()
        with _told(f"profiles of {population.size:,} customers", say):
            await delivery.send_bulk(opening.profiles(population, plan))

    await asyncio.gather(deliver(), _fill_vault(world, boss, say))


@contextmanager
def _told(what: str, say: Say) -> Generator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")


async def _register(mediation: Gateway) -> None:
    """A source exists from its registration on, never by its traffic (architecture §6)."""
    reply = await mediation.post("/alerts/v1/sources", {"source": SOURCE})
    if not reply.done:
        raise Refused(f"the source was refused with {reply.status}: {reply.body}")


async def _fill_vault(world: World, boss: Gateway, say: Say) -> None:
    cards = list(opening.vault_cards(world.population))
    chunks = [cards[begin : begin + VAULT_ROWS] for begin in range(0, len(cards), VAULT_ROWS)]
    waiting = asyncio.Semaphore(AT_ONCE)

    async def put(chunk: Sequence[dict[str, str]]) -> None:
        async with waiting:
            reply = await boss.put("/callcenter/v1/vault", chunk)
        if not reply.done:
            raise Refused(f"the vault refused with {reply.status}: {reply.body}")

    with _told(f"the vault of {world.population.size:,} customers", say):
        await asyncio.gather(*(put(chunk) for chunk in chunks))
