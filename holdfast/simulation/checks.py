"""Each promise of the story as a count beside its limit; pure, so that it can be seen to fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.simulation.outcome import Outcome
from holdfast.simulation.plan import FULL_SIZE, RULES, Planted
from holdfast.simulation.world import World

FALSE_SHARE_MAX = 0.02  # of the customers without a planted cause
RENEWALS_MIN = 300
COUNTER_ORDERS_MIN = 20
LOST_MIN = 10
ESCALATED_MIN = 5
CARE_TASKS_MIN = 50
REDEMPTIONS_MIN = 200
REVERSALS_MIN = 20
ENTRIES_MIN = 50_001


@dataclass(frozen=True)
class Check:
    """A count, its limit, and on which side of it the count must be."""

    name: str
    count: float
    limit: float
    side: Literal["at_least", "at_most", "exactly"]

    @property
    def holds(self) -> bool:
        match self.side:
            case "at_least":
                return self.count >= self.limit
            case "at_most":
                return self.count <= self.limit
            case _:
                return self.count == self.limit


@dataclass(frozen=True)
class Readings:
    """What was read from APIs and tools, beside the topics."""

    portability_cancelled: int
    """Of the planned applications: the customer has a cancelled task and none that is open."""
    redemptions: int
    reversals: int
    audit_entries: int
    audit_differences: int
    letters_expected: int
    letters_found: int
    letters_open: int


def checks(world: World, outcome: Outcome, readings: Readings) -> Sequence[Check]:
    """Everything that the story promises, for a province of this size."""
    return (
        *_causes(world, outcome),
        *_contacts(world, outcome, readings),
        *_orders(world, outcome),
        *_points(world, outcome, readings),
        *_letters(world, readings),
    )


def _share(world: World, limit: int) -> int:
    """A full province's limit for this one."""
    return min(limit, max(1, int(limit * world.population.size / FULL_SIZE)))


def _causes(world: World, outcome: Outcome) -> Iterator[Check]:
    found = {(customer, rule) for customer, rule, _ in outcome.raised}
    first: dict[tuple[int, str], float] = {}
    for customer, rule, at in outcome.raised:
        first[customer, rule] = min(first.get((customer, rule), at.timestamp()), at.timestamp())
    early = 0
    for cause, rule in RULES.items():
        planted = world.plan.by_cause[cause]
        keys = [(_customer(world, one), rule) for one in planted]
        name = f"planted {cause.value} with an episode of {rule}"
        yield Check(name, sum(key in found for key in keys), len(planted), "exactly")
        early += sum(
            first.get(key, one.at.timestamp()) < one.at.timestamp()
            for key, one in zip(keys, planted, strict=True)
        )
    yield Check("episodes opened before their cause", early, 0, "exactly")
    caused = {_customer(world, one) for one in world.plan.planted if one.cause in RULES}
    innocent = world.population.size - len(caused)
    false = len(outcome.customers_with_episode - caused)
    limit = int(FALSE_SHARE_MAX * innocent)
    yield Check("customers without a cause who have an episode", false, limit, "at_most")


def _customer(world: World, planted: Planted) -> int:
    return int(world.population.customer_id[planted.row])


def _contacts(world: World, outcome: Outcome, readings: Readings) -> Iterator[Check]:
    twice = sum(len(grants) > 1 for grants in outcome.reached.values())
    yield Check("customers reached twice within 7 days", twice, 0, "exactly")
    yield Check("customers reached", len(outcome.reached), _share(world, RENEWALS_MIN), "at_least")
    yield Check(
        "portability applications that cancelled the task",
        readings.portability_cancelled,
        len(world.plan.portability),
        "exactly",
    )


def _orders(world: World, outcome: Outcome) -> Iterator[Check]:
    counter = _share(world, COUNTER_ORDERS_MIN)
    both = len(outcome.breached & outcome.escalated)
    lost = sum(outcome.lost_reasons.values())
    renewals = outcome.verified_of(counter=False)
    yield Check("renewal orders verified", renewals, _share(world, RENEWALS_MIN), "at_least")
    yield Check("counter orders verified", outcome.verified_of(counter=True), counter, "at_least")
    yield Check("orders lost with a reason", lost, _share(world, LOST_MIN), "at_least")
    yield Check("orders breached and escalated", both, _share(world, ESCALATED_MIN), "at_least")


def _points(world: World, outcome: Outcome, readings: Readings) -> Iterator[Check]:
    care = len(outcome.proposals & outcome.granted)
    yield Check("reminders that became care tasks", care, _share(world, CARE_TASKS_MIN), "at_least")
    yield Check(
        "redemptions posted", readings.redemptions, _share(world, REDEMPTIONS_MIN), "at_least"
    )
    yield Check("reversals posted", readings.reversals, _share(world, REVERSALS_MIN), "at_least")
    entries = _share(world, ENTRIES_MIN)
    yield Check("entries audited", readings.audit_entries, entries, "at_least")
    yield Check("differences the audit found", readings.audit_differences, 0, "exactly")


def _letters(world: World, readings: Readings) -> Iterator[Check]:
    yield Check("broken records injected", len(world.broken), 20, "exactly")
    expected = readings.letters_expected
    yield Check("dead letters of broken records", readings.letters_found, expected, "exactly")
    yield Check("dead letters neither replayed nor discarded", readings.letters_open, 0, "exactly")


def as_report(found: Sequence[Check]) -> Mapping[str, object]:
    """The report's form: each count beside its limit."""
    return {
        "holds": all(check.holds for check in found),
        "checks": [
            {
                "name": check.name,
                "count": check.count,
                check.side: check.limit,
                "holds": check.holds,
            }
            for check in found
        ],
    }
