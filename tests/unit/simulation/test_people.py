"""What people send is what the services' own models take; who is late is late enough to be seen."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holdfast.simulation.gateway import Gateway, Refused, Reply
from holdfast.simulation.people import habits
from holdfast.simulation.people.clerks import Clerk
from holdfast.simulation.people.managers import Manager
from holdfast.simulation.people.person import Person
from holdfast.simulation.people.store_clerks import StoreClerk
from holdfast.simulation.plan import AtCounter, Plan
from holdfast.simulation.population import Population
from holdfast.simulation.temper import Answer, Temper
from holdfast.simulation.window import BEGINS
from holdfast.simulation.world import World
from holdfast.tokens import ensure_issuer
from services.callcenter.api.shapes import ResultReported
from shared.clock import Clock, Segment
from shared.identity import Role
from shared.working_calendar import load_calendar

NOON = BEGINS + timedelta(hours=5)
SUNDAY = BEGINS.replace(hour=10) + timedelta(days=2)
DUE = BEGINS.replace(hour=18) + timedelta(days=1)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    issuer = ensure_issuer(tmp_path)
    gateway = Gateway(
        httpx2.AsyncClient(), issuer, subject="somebody", role=Role.MANAGER, org="990101"
    )
    standing = Clock([Segment(BEGINS - timedelta(days=1), NOON, 0.0)])
    return Person(gateway, lambda: standing, load_calendar(), Temper(1))


def a_task(number: int, **other: object) -> dict[str, Any]:
    task = {
        "task_id": f"task-{number}",
        "customer_id": str(number),
        "kind": "contact",
        "reason": "contract_expiry",
        "attempts": 0,
        "call_back_at": None,
    }
    return task | other


def an_order(number: int, **other: object) -> dict[str, Any]:
    order = {
        "order_id": f"order-{number}",
        "number": f"260227-{number:06d}",
        "order_type": "broadband",
        "state": "in_progress",
        "moved_at": NOON.isoformat(),
        "due_at": DUE.isoformat(),
        "completed_at": None,
    }
    return order | other


@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.requirement("CC-11")
def test_whatever_comes_of_a_call_is_a_result_that_callcenter_takes(
    person: Person, answer: Answer
) -> None:
    manager = Manager(person)
    tasks = [a_task(n, reason=r) for n in range(60) for r in ("silence", "clearing_reminder")]

    dispositions = {
        ResultReported.model_validate(manager.result(task, answer)).disposition for task in tasks
    }

    assert len(dispositions) > 1 or answer in (Answer.AGREES, Answer.CALL_BACK)


def test_points_that_clear_and_cases_at_a_counter_agree_to_no_renewal(person: Person) -> None:
    manager = Manager(person)

    for task in (a_task(1, reason="clearing_reminder"), a_task(2, kind="counter")):
        assert manager.result(task, Answer.AGREES)["result"] is None
    assert manager.result(a_task(3), Answer.AGREES)["result"] == "agreed"


def test_whoever_stands_at_a_counter_is_there(person: Person) -> None:
    answers = {Manager(person).answer_of(a_task(n, kind="counter")) for n in range(300)}

    assert answers == {Answer.AGREES, Answer.REFUSES}


def test_one_order_in_twenty_is_late_by_more_than_the_second_escalation(person: Person) -> None:
    clerk = Clerk(person, 0, 1)
    orders = [an_order(number) for number in range(1, 101)]
    late = [order for order in orders if habits.is_late(order)]

    assert len(late) == 5
    for order in orders:
        done = clerk.done_at(order)
        assert (done > DUE + timedelta(hours=1)) == (order in late)
        assert done.tzinfo is not None


def test_the_first_orders_see_every_fate() -> None:
    first = [an_order(number) for number in range(1, 9)]

    assert sum(map(habits.is_lost, first)) == 1
    assert sum(map(habits.is_late, first)) == 1
    assert sum(map(habits.is_sent_back, first)) == 1
    assert sum(map(habits.is_returned, first)) == 1


def test_managers_call_and_clerks_work_in_their_own_hours(person: Person) -> None:
    assert person.at_work()
    for moment in (BEGINS, BEGINS.replace(hour=18), SUNDAY):
        standing = Clock([Segment(BEGINS - timedelta(days=1), moment, 0.0)])
        person.clock = partial(Clock, standing.segments)
        assert not person.at_work()


async def test_a_store_clerk_serves_the_next_member_when_points_was_away(
    person: Person, province: Population, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def away_at_first(path: str, *_: object, **__: object) -> Reply:
        asked.append(path)
        if len(asked) == 1:
            raise Refused("points was away for a minute")
        return Reply(200, {"redemption_id": "R1"}, '"1"')

    monkeypatch.setattr(person.gateway, "post", away_at_first)
    visits = [AtCounter(row, BEGINS, f"redemption-{row}") for row in (0, 1)]
    world = World(province, plan, (), person.calendar)
    clerk = StoreClerk(person, world, visits, frozenset({"redemption-1"}))

    await clerk.work()

    assert (clerk.done, person.refused) == (1, 1)
    assert asked[-1].endswith("/redemptions/R1/reversals")
