"""The gate on real rows: three services propose for one customer at once, one contact results."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from contact_parts import (
    FRIDAY_MORNING,
    Centre,
    Desk,
    a_follow_up,
    a_plunge,
    a_profile,
    a_reminder,
)
from pydantic import ValidationError

from shared.events.contact import ContactProposed

PROPOSERS: dict[str, Callable[..., ContactProposed]] = {
    "alerts": a_plunge,
    "points": a_reminder,
    "ticketing": a_follow_up,
}

# What becomes of the two weaker ones, by who came before whom.
_ANSWERS: dict[tuple[str, ...], tuple[str, str]] = {
    ("alerts", "points", "ticketing"): ("weaker", "weaker"),
    ("alerts", "ticketing", "points"): ("weaker", "weaker"),
    ("points", "alerts", "ticketing"): ("granted/ended", "weaker"),
    ("points", "ticketing", "alerts"): ("granted/ended", "granted/ended"),
    ("ticketing", "alerts", "points"): ("weaker", "granted/ended"),
    ("ticketing", "points", "alerts"): ("weaker", "granted/ended"),
}


@pytest.mark.requirement("CC-26")
@pytest.mark.parametrize("order", list(permutations(PROPOSERS, 3)), ids="-".join)
async def test_of_three_proposals_in_a_second_the_plunge_is_carried_out_and_two_have_reasons(
    centre: Centre, customer: int, *, order: tuple[str, str, str]
) -> None:
    await centre.handle(a_profile(customer))
    for second, source in enumerate(order):
        at = FRIDAY_MORNING + timedelta(seconds=second / 3)
        await centre.handle(PROPOSERS[source](customer, at=at))

    of_points, of_ticketing = _ANSWERS[order]
    assert await centre.answers(customer) == {
        "alerts": "granted/open",
        "points": of_points,
        "ticketing": of_ticketing,
    }
    open_tasks = await centre.rows(
        "SELECT reason FROM task WHERE customer_id = $1 AND state = 'open'", customer
    )
    assert [task["reason"] for task in open_tasks] == ["AL-01"]


async def test_proposals_of_three_partitions_at_the_same_moment_wait_for_each_other(
    centre: Centre, customer: int
) -> None:
    await centre.handle(a_profile(customer))
    await asyncio.gather(*(centre.handle(propose(customer)) for propose in PROPOSERS.values()))

    answers = await centre.answers(customer)
    assert answers.pop("alerts") == "granted/open"
    assert set(answers.values()) <= {"weaker", "granted/ended"}


@pytest.mark.requirement("CC-26")
async def test_a_proposal_after_the_contact_is_declined_by_the_cap_and_may_come_again(
    centre: Centre, desk: Desk, customer: int, quiet_centre: Centre
) -> None:
    await quiet_centre.granted(customer, *(p(customer) for p in PROPOSERS.values()))
    path = await desk.called()
    await desk.post(f"{path}/result", {"disposition": 7, "result": "refused"})

    fourth = a_plunge(customer, at=FRIDAY_MORNING + timedelta(days=1))
    await centre.handle(fourth)

    told = await centre.told(customer)
    name, declined = told[-1]
    assert name == "contact_declined"
    assert (declined["proposal_id"], declined["because"]) == (fourth.proposal_id, "cap")
    assert declined["again_at"] == "2026-03-06T02:00:00Z"
    again = {"proposal_id": fourth.proposal_id, "attempt": 2}
    await centre.handle(a_plunge(customer, **again, at=FRIDAY_MORNING + timedelta(days=7)))
    assert (await centre.told(customer))[-1][1]["because"] == "expired"


def test_a_proposal_for_a_time_beyond_every_calendar_is_broken(customer: int) -> None:
    with pytest.raises(ValidationError, match="400 days"):
        a_plunge(customer, valid_until=datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("propose", list(PROPOSERS.values()))
async def test_the_same_proposal_twice_is_answered_once(
    centre: Centre, customer: int, *, propose: Callable[..., ContactProposed]
) -> None:
    """A replayed dead letter, or a proposer that says it again under another event id."""
    first = propose(customer)
    again = propose(customer, proposal_id=first.proposal_id)
    await centre.handle(a_profile(customer), first, again)

    told = [name for name, _ in await centre.told(customer)]
    assert told == ["contact_granted"]
    assert len(await centre.rows("SELECT FROM task WHERE customer_id = $1", customer)) == 1


async def test_a_proposal_that_overtakes_the_profile_waits_for_it(
    centre: Centre, customer: int
) -> None:
    await centre.handle(a_plunge(customer))
    assert await centre.answers(customer) == {"alerts": "waiting"}

    await centre.handle(a_profile(customer, at=FRIDAY_MORNING + timedelta(minutes=1)))

    assert await centre.answers(customer) == {"alerts": "granted/open"}
    assert (await centre.task_of(customer))["owner"] == "manager-01"


async def test_the_portfolio_rules_over_what_boss_names_later(
    centre: Centre, customer: int
) -> None:
    await centre.handle(a_profile(customer, first_manager="manager-01"))
    assert await centre.told(customer) == []

    await centre.handle(a_profile(customer, sequence=2, first_manager="manager-02"))

    [(name, told)] = await centre.told(customer)
    assert (name, told["manager"], told["from_manager"]) == (
        "owner_changed",
        "manager-01",
        "manager-02",
    )
