"""The checks of the story: they hold for a good ending, and each is seen to fail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from holdfast.simulation.checks import Check, Readings, as_report, checks
from holdfast.simulation.facts import Told
from holdfast.simulation.outcome import Outcome
from holdfast.simulation.plan import RULES
from holdfast.simulation.window import ENDS
from holdfast.simulation.world import World, make_world

LETTERS = 62

Breaking = Callable[[World, Outcome], Outcome]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(1, 50_000)


def told(event_type: str, customer: int, *, at: datetime = ENDS, **body: object) -> Told:
    return Told(
        f"{event_type}.v1",
        str(uuid4()),
        str(uuid4()),
        at,
        {
            "customer_id": str(customer),
            **body,
        },
    )


def an_outcome(world: World) -> Outcome:
    """Just good enough, from one fact of everything that the checks count."""
    outcome = Outcome()
    for planted in world.plan.planted:
        if (rule := RULES.get(planted.cause)) is not None:
            customer = int(world.population.customer_id[planted.row])
            outcome.take(told("alerts.raised", customer, at=planted.at, rule=rule))
            outcome.take(told("alerts.episode_opened", customer))
    for number in range(300):
        work_order(outcome, "broadband", result="lost" if number < 10 else "saved")
        called(outcome, number + 1, str(uuid4()))
    for _ in range(20):
        work_order(outcome, "counter_retention", result="saved")
    for order in list(outcome.order_types)[:5]:
        outcome.take(told("ticketing.deadline_breached", 1, order_id=order))
        outcome.take(told("ticketing.escalated", 1, order_id=order))
    for number in range(50):
        outcome.take(told("points.contact_proposed", 1, proposal_id=f"p{number}"))
        outcome.take(told("callcenter.contact_granted", 1, proposal_id=f"p{number}"))
    return outcome


def work_order(outcome: Outcome, order_type: str, *, result: str) -> None:
    order = str(uuid4())
    reason = "left_area" if result == "lost" else None
    dispatched = told("ticketing.work_order_dispatched", 1, order_id=order, order_type=order_type)
    outcome.take(dispatched)
    outcome.take(
        told("ticketing.work_order_verified", 1, order_id=order, result=result, lost_reason=reason)
    )


def called(outcome: Outcome, customer: int, grant: str | UUID | None, **other: object) -> None:
    contact = {"grant_id": grant, "reached": True, "inbound": False} | other
    outcome.take(told("callcenter.contact_recorded", customer, at=ENDS, **contact))


def readings(world: World) -> Readings:
    return Readings(len(world.plan.portability), 200, 20, 60_000, 0, LETTERS, LETTERS, 0)


def broken(found: Check | tuple[Check, ...]) -> list[str]:
    many = found if isinstance(found, tuple) else (found,)
    return [check.name for check in many if not check.holds]


def test_a_good_ending_passes_every_check(world: World) -> None:
    found = checks(world, an_outcome(world), readings(world))

    assert broken(tuple(found)) == []
    assert as_report(found)["holds"] is True


def without_an_episode(_world: World, outcome: Outcome) -> Outcome:
    return replace(outcome, raised=outcome.raised[1:])


def too_early(_world: World, outcome: Outcome) -> Outcome:
    customer, rule, at = outcome.raised[-1]
    return replace(
        outcome, raised=[*outcome.raised[:-1], (customer, rule, at - timedelta(hours=1))]
    )


def too_many_alarms(world: World, outcome: Outcome) -> Outcome:
    everybody = set(world.population.customer_id[:5_000].tolist())
    return replace(outcome, customers_with_episode=outcome.customers_with_episode | everybody)


def called_twice(_world: World, outcome: Outcome) -> Outcome:
    called(outcome, 1, uuid4())
    return outcome


def nobody_is_late(_world: World, outcome: Outcome) -> Outcome:
    return replace(outcome, escalated=set())


def no_reason(_world: World, outcome: Outcome) -> Outcome:
    outcome.lost_reasons.clear()
    return outcome


def no_orders(_world: World, outcome: Outcome) -> Outcome:
    return replace(outcome, verified={})


def no_care(_world: World, outcome: Outcome) -> Outcome:
    return replace(outcome, granted=set())


@pytest.mark.parametrize(
    ("breaking", "name"),
    [
        (without_an_episode, "planted contract_expiry with an episode of AL-06"),
        (too_early, "episodes opened before their cause"),
        (too_many_alarms, "customers without a cause who have an episode"),
        (called_twice, "customers reached twice within 7 days"),
        (nobody_is_late, "orders breached and escalated"),
        (no_reason, "orders lost with a reason"),
        (no_orders, "renewal orders verified"),
        (no_care, "reminders that became care tasks"),
    ],
)
def test_a_bad_ending_breaks_its_check(world: World, breaking: Breaking, name: str) -> None:
    outcome = breaking(world, an_outcome(world))

    assert name in broken(tuple(checks(world, outcome, readings(world))))


def test_what_tools_and_apis_say_is_checked_as_well(world: World) -> None:
    bad = Readings(0, 199, 19, 10, 1, LETTERS, LETTERS - 1, 1)

    assert broken(tuple(checks(world, an_outcome(world), bad))) == [
        "portability applications that cancelled the task",
        "redemptions posted",
        "reversals posted",
        "entries audited",
        "differences the audit found",
        "dead letters of broken records",
        "dead letters neither replayed nor discarded",
    ]


def test_the_same_grant_twice_and_calls_that_customers_make_are_no_second_contact(
    world: World,
) -> None:
    outcome, grant = an_outcome(world), str(uuid4())
    called(outcome, 9_999, grant)
    called(outcome, 9_999, grant)
    called(outcome, 9_999, None)
    called(outcome, 9_999, str(uuid4()), inbound=True)
    called(outcome, 9_999, str(uuid4()), reached=False)

    assert broken(tuple(checks(world, outcome, readings(world)))) == []
