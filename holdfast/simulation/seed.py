"""Cut-over day: opening records through the doorways, nothing into tables behind them (§5)."""

import asyncio
import time
from collections.abc import Callable, Sequence

from holdfast.simulation import opening
from holdfast.simulation.delivery import Delivery
from holdfast.simulation.gateway import Gateway, Refused
from holdfast.simulation.plan import Plan
from holdfast.simulation.population import Population
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
    say: Say,
) -> None:
    """Everything an operator delivers before the first day.

    Raises:
        Refused: a service did not take it.
    """
    population, plan = world.population, world.plan
    await _register(mediation)
    await asyncio.gather(
        _deliver(population, plan, delivery, hasher, say), _fill_vault(world, boss, say)
    )


async def _deliver(
    population: Population, plan: Plan, delivery: Delivery, hasher: NumberHasher, say: Say
) -> None:
    bulk, single = delivery.send, delivery.send_bulk
    # Columns are made in no time and read for long, so they go first.
    steps = (
        ("a year of bills and use", bulk, opening.baselines(population, plan)),
        ("points", bulk, opening.lots(population)),
        ("numbers", single, opening.identities(population, hasher)),
        ("profiles", single, opening.profiles(population, plan)),
    )
    for name, send, messages in steps:
        began = time.monotonic()
        await send(messages)
        say(f"{name} of {population.size:,} customers: {time.monotonic() - began:.1f} s")


async def _register(mediation: Gateway) -> None:
    """A source exists from its registration on, never by its traffic (architecture §6)."""
    reply = await mediation.post("/alerts/v1/sources", {"source": SOURCE})
    if not reply.done:
        raise Refused(f"the source was refused with {reply.status}: {reply.body}")


async def _fill_vault(world: World, boss: Gateway, say: Say) -> None:
    began = time.monotonic()
    cards = list(opening.vault_cards(world.population))
    chunks = [cards[begin : begin + VAULT_ROWS] for begin in range(0, len(cards), VAULT_ROWS)]
    waiting = asyncio.Semaphore(AT_ONCE)

    async def put(chunk: Sequence[dict[str, str]]) -> None:
        async with waiting:
            reply = await boss.put("/callcenter/v1/vault", chunk)
        if not reply.done:
            raise Refused(f"the vault refused with {reply.status}: {reply.body}")

    await asyncio.gather(*(put(chunk) for chunk in chunks))
    say(f"the vault of {world.population.size:,} customers: {time.monotonic() - began:.1f} s")
