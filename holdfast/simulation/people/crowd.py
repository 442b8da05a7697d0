"""Everybody who works in the province: twelve managers, clerks, dispatchers, store clerks."""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, time

import httpx2

from holdfast.simulation.gateway import Gateway
from holdfast.simulation.people.clerks import Clerk
from holdfast.simulation.people.dispatchers import Dispatcher
from holdfast.simulation.people.managers import Manager
from holdfast.simulation.people.person import Person
from holdfast.simulation.people.store_clerks import StoreClerk
from holdfast.simulation.population import COUNTIES, MANAGERS, MANAGERS_PER_COUNTY
from holdfast.simulation.temper import Temper
from holdfast.simulation.world import World
from holdfast.tokens import Issuer
from shared.clock import Clock
from shared.identity import Role

CLERKS_PER_COUNTY = 2
CITY = "9901"
MANAGERS_HOURS = (time(9), time(20))
OFFICE_HOURS = (time(9), time(18))

Working = Coroutine[None, None, None]


@dataclass(frozen=True)
class Crowd:
    """How people come to the API; `clock` gives the business clock as it stands."""

    world: World
    client: httpx2.AsyncClient
    issuer: Issuer
    clock: Callable[[], Clock]

    def gateway(self, subject: str, role: Role, org: str) -> Gateway:
        return Gateway(self.client, self.issuer, subject=subject, role=role, org=org)

    def working(self, since: datetime) -> Iterator[Working]:
        """Everybody's work from `since` on, to be run side by side."""
        for number, county in enumerate(COUNTIES):
            first = number * MANAGERS_PER_COUNTY
            for name in MANAGERS[first : first + MANAGERS_PER_COUNTY]:
                yield Manager(self._person(name, Role.MANAGER, county, MANAGERS_HOURS)).work()
            for place in range(CLERKS_PER_COUNTY):
                clerk = self._person(f"clerk-{county}-{place + 1}", Role.COUNTY_CLERK, county)
                yield Clerk(clerk, place, CLERKS_PER_COUNTY).work()
            yield self._store_clerk(number, county, since).work()
        yield Dispatcher(self._person(f"dispatcher-{CITY}", Role.DISPATCHER, CITY)).work()

    def _store_clerk(self, number: int, county: str, since: datetime) -> StoreClerk:
        plan = self.world.plan
        theirs = [
            visit
            for visit in plan.redemptions
            if int(self.world.population.county[visit.row]) == number and visit.at >= since
        ]
        brought_back = [visit.reference for visit in plan.redemptions[: plan.reversals]]
        person = self._person(f"store-{county}001-1", Role.STORE_CLERK, f"{county}001")
        return StoreClerk(person, self.world, theirs, frozenset(brought_back))

    def _person(
        self, name: str, role: Role, org: str, hours: tuple[time, time] = OFFICE_HOURS
    ) -> Person:
        return Person(
            gateway=self.gateway(name, role, org),
            clock=self.clock,
            calendar=self.world.calendar,
            temper=Temper(self.world.population.seed),
            hours=hours,
        )
