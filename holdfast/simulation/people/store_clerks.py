"""Store clerks: members redeem points at the counter, and some bring it back (PT-18)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from holdfast.simulation.gateway import Json, Refused
from holdfast.simulation.people.person import Person
from holdfast.simulation.plan import AtCounter
from holdfast.simulation.world import World

POINTS = 500
FAMILY = "product"
ITEM = "recharge-card-10"


@dataclass
class StoreClerk:
    """One counter of a county and the visits that the plan sends there, in order of time."""

    person: Person
    world: World
    visits: Sequence[AtCounter]
    reversals: frozenset[str]
    done: int = field(default=0)

    async def work(self) -> None:
        """One visit after the other; nobody comes before their time."""
        for visit in self.visits:
            if (wait := visit.at - self.person.now()) > timedelta(0):
                await self.person.pause(wait)
            try:
                await self._serve(visit)
            except Refused:  # a service was away for long; the next member is served all the same
                self.person.refused += 1

    async def _serve(self, visit: AtCounter) -> None:
        redeemed = await self._redeem(visit)
        if redeemed is None:
            return
        self.done += 1
        if visit.reference in self.reversals:
            await self._take_back(visit, *redeemed)

    async def _redeem(self, visit: AtCounter) -> tuple[Json, str] | None:
        wish = {"points": POINTS, "family": FAMILY, "item": ITEM}
        reply = await self.person.act(f"{self._member(visit)}/redemptions", wish)
        return (reply.body, reply.etag or "*") if reply.done else None

    async def _take_back(self, visit: AtCounter, redemption: Json, etag: str) -> None:
        path = f"{self._member(visit)}/redemptions/{redemption['redemption_id']}/reversals"
        await self.person.act(path, {}, etag=etag)

    def _member(self, visit: AtCounter) -> str:
        return f"/points/v1/customers/{self.world.population.customer_id[visit.row]}"
