"""One province and its story, as everything else needs them."""

from dataclasses import dataclass

from holdfast.simulation.broken import Broken, broken_records
from holdfast.simulation.plan import Plan, make_plan
from holdfast.simulation.population import Population, populate
from shared.working_calendar import WorkingCalendar, load_calendar


@dataclass(frozen=True)
class World:
    population: Population
    plan: Plan
    broken: tuple[Broken, ...]
    calendar: WorkingCalendar


def make_world(seed: int, customers: int) -> World:
    """The same world for the same seed and size."""
    calendar = load_calendar()
    population = populate(seed, customers)
    plan = make_plan(population, calendar)
    return World(population, plan, broken_records(population, plan), calendar)
