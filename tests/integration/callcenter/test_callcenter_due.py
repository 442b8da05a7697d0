"""What nobody did in time ends at its own time, and its proposer hears it."""

import asyncio
from datetime import datetime, timedelta

import pytest
from contact_parts import FRIDAY_MORNING, Centre, Desk, a_plunge, a_profile
from doorway_parts import comes_to

from services.callcenter.handlers.expire import answer_waiting, expire_tasks
from services.callcenter.handlers.on_customer_profiles import on_customer_profiles
from shared.database import unit_of_work
from shared.poller import Poll

pytestmark = pytest.mark.usefixtures("quiet_centre")

VALID_UNTIL = FRIDAY_MORNING + timedelta(days=1)
LONG_AFTER = FRIDAY_MORNING + timedelta(days=30)
WAITING = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"


async def poll(centre: Centre, poller: Poll, now: datetime = LONG_AFTER) -> int:
    async with unit_of_work(centre.worker) as uow:
        return await poller(now, uow)


async def test_a_task_ends_at_its_own_time_however_late_the_poller_is(
    centre: Centre, customer: int
) -> None:
    await centre.granted(customer, a_plunge(customer, valid_until=VALID_UNTIL))
    assert await poll(centre, expire_tasks, VALID_UNTIL - timedelta(seconds=1)) == 0

    assert await poll(centre, expire_tasks) == 1
    assert await poll(centre, expire_tasks) == 0

    task = await centre.task_of(customer)
    assert (task["state"], task["closed_at"]) == ("expired", VALID_UNTIL)
    name, ended = (await centre.told(customer))[-1]
    assert (name, ended["by"]) == ("contact_replaced", "expired")
    assert datetime.fromisoformat(ended["at"]) == VALID_UNTIL
    await centre.handle(a_plunge(customer, at=VALID_UNTIL))
    assert (await centre.told(customer))[-1][0] == "contact_granted"


async def test_a_call_that_is_being_made_is_not_ended_under_the_manager(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer, a_plunge(customer, valid_until=VALID_UNTIL))
    path = await desk.called()
    assert await poll(centre, expire_tasks) == 0
    assert (await desk.post(f"{path}/result", {"disposition": 7})).status_code == 200
    await centre.in_machine_time(91)
    assert await poll(centre, expire_tasks) == 0, "it is done"


async def test_a_stronger_proposal_does_not_end_a_call_that_is_being_made(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    await centre.handle(a_plunge(customer, priority=88))

    assert (await centre.told(customer))[-1][1]["because"] == "in_call"
    assert (await desk.post(f"{path}/result", {"disposition": 7})).status_code == 200


async def test_a_proposal_whose_customer_never_came_is_declined_at_its_end(
    centre: Centre, customer: int
) -> None:
    await centre.handle(a_plunge(customer, valid_until=VALID_UNTIL))
    assert await poll(centre, answer_waiting, VALID_UNTIL - timedelta(seconds=1)) == 0
    assert await poll(centre, answer_waiting) == 1

    name, declined = (await centre.told(customer))[-1]
    assert (name, declined["because"]) == ("contact_declined", "unknown_customer")
    await centre.handle(a_profile(customer, at=LONG_AFTER))
    assert await centre.answers(customer) == {"alerts": "unknown_customer"}


async def test_a_proposal_that_meets_its_customers_profile_is_answered_all_the_same(
    centre: Centre, customer: int
) -> None:
    """Neither transaction sees the other's row, and no later profile may ever come."""
    async with unit_of_work(centre.worker) as uow:
        await on_customer_profiles([a_profile(customer)], uow)
        await centre.handle(a_plunge(customer))
    assert await centre.answers(customer) == {"alerts": "waiting"}

    assert await poll(centre, answer_waiting, FRIDAY_MORNING) == 1
    assert await poll(centre, answer_waiting, FRIDAY_MORNING) == 0
    assert await centre.answers(customer) == {"alerts": "granted/open"}


async def test_a_profile_that_meets_the_end_of_a_proposal_does_not_answer_it_again(
    centre: Centre, customer: int
) -> None:
    await centre.handle(a_plunge(customer, valid_until=VALID_UNTIL))
    async with unit_of_work(centre.worker) as uow:
        assert await answer_waiting(LONG_AFTER, uow) == 1
        profile = asyncio.create_task(centre.handle(a_profile(customer)))

        async def it_waits() -> bool:
            return bool(await centre.value(WAITING))

        await comes_to(it_waits, wanted=True)
    await profile

    assert await centre.answers(customer) == {"alerts": "unknown_customer"}
    assert "contact_granted" not in [name for name, _ in await centre.told(customer)]
