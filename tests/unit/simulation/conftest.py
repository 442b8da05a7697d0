"""One province for all: it is never changed."""

import pytest

from holdfast.simulation.plan import Plan, make_plan
from holdfast.simulation.population import Population, populate
from shared.working_calendar import load_calendar

CUSTOMERS = 50_000


@pytest.fixture(scope="session")
def province() -> Population:
    return populate(1, CUSTOMERS)


@pytest.fixture(scope="session")
def plan(province: Population) -> Plan:
    return make_plan(province, load_calendar())
