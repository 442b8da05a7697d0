"""Who gets which task, for how long, and who never gets it (CC-05, contracts §1 and §5)."""

import asyncio
import secrets
from datetime import timedelta

import pytest
from contact_parts import (
    FRIDAY_MORNING,
    OWNER,
    Centre,
    Desk,
    a_plunge,
    a_profile,
    at_the_counter,
)

from shared.identity import Role

pytestmark = pytest.mark.usefixtures("quiet_centre")

COLLEAGUE = "manager-02"


def customers(count: int) -> list[int]:
    return [secrets.randbelow(2**62) + 1 for _ in range(count)]


async def asked_next(desk: Desk, by: str = OWNER) -> int | None:
    """The customer of the next task; None when there is none."""
    answer = await desk.post("/v1/tasks/next", by=by)
    assert answer.status_code in (200, 204), answer.text
    return int(answer.json()["customer_id"]) if answer.status_code == 200 else None


@pytest.mark.requirement("CC-01")
@pytest.mark.requirement("CC-05")
async def test_the_own_manager_is_asked_first_and_the_group_after_two_hours(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    assert await asked_next(desk, COLLEAGUE) is None

    await desk.at(FRIDAY_MORNING + timedelta(hours=2))

    assert await asked_next(desk, COLLEAGUE) == customer


async def test_a_reservation_that_its_owner_misses_goes_to_the_group_after_a_minute(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    assert await asked_next(desk) == customer
    assert await asked_next(desk, COLLEAGUE) is None, "it is reserved"

    await centre.in_machine_time(61)

    assert await asked_next(desk, COLLEAGUE) == customer


async def test_own_customers_come_first_then_the_higher_priority_then_the_tier(
    centre: Centre, desk: Desk
) -> None:
    others, minor, major, silver = customers(4)
    await centre.handle(
        a_profile(others, first_manager=COLLEAGUE),
        *(a_profile(one) for one in (minor, major, silver)),
        a_plunge(others, priority=88),
        a_plunge(minor, priority=48),
        a_plunge(silver, priority=68, tier="silver"),
        a_plunge(major, priority=68, tier="diamond"),
    )
    await desk.at(FRIDAY_MORNING + timedelta(hours=3))
    order: list[int | None] = []
    for _ in range(4):
        order.append(await asked_next(desk))
        await centre.rows("UPDATE task SET state = 'done' WHERE holder = $1", OWNER)

    assert order == [major, silver, minor, others]


async def test_who_has_a_task_in_hand_gets_no_second_one(centre: Centre, desk: Desk) -> None:
    one, two = customers(2)
    await centre.granted(one)
    await centre.granted(two)
    first = await asked_next(desk)

    assert await asked_next(desk) == first


async def test_who_asks_five_times_at_once_gets_one_task(centre: Centre, desk: Desk) -> None:
    for one in customers(3):
        await centre.granted(one)

    got = await asyncio.gather(*(asked_next(desk) for _ in range(5)))

    assert len(set(got)) == 1


@pytest.mark.requirement("CC-05")
async def test_fifty_managers_who_ask_at_once_never_get_the_same_task(
    centre: Centre, desk: Desk
) -> None:
    tasks = customers(30)
    for one in tasks:
        await centre.handle(a_profile(one, first_manager=None), a_plunge(one))

    async def ask(number: int) -> int | None:
        return await asked_next(desk, f"manager-{number}")

    got = await asyncio.gather(*map(ask, range(50)))

    given = [one for one in got if one is not None]
    assert sorted(given) == sorted(tasks)
    turns = await centre.rows(
        "SELECT r.task_id FROM reservation r JOIN task t USING (task_id) WHERE t.state = 'open'"
    )
    assert len(turns) == len({turn["task_id"] for turn in turns}) == 30


async def test_a_lease_lives_from_heartbeat_to_heartbeat(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    await centre.in_machine_time(80)
    assert (await desk.post(f"{path}/heartbeat")).status_code == 200
    await centre.in_machine_time(80)
    assert (await desk.get(path)).json()["state"] == "in_call"

    await centre.in_machine_time(20)

    late = await desk.post(f"{path}/heartbeat")
    assert (late.status_code, late.json()["code"]) == (409, "not-yours")
    assert (await desk.get(path)).json()["state"] == "waiting"


async def test_a_result_after_a_lapsed_lease_counts_unless_somebody_else_took_the_task(
    centre: Centre, desk: Desk
) -> None:
    one, two = customers(2)
    for taken in (False, True):
        await centre.granted(two if taken else one)
        path = await desk.called()
        await centre.in_machine_time(91)
        if taken:
            assert await asked_next(desk, COLLEAGUE) == two
        report = await desk.post(f"{path}/result", {"disposition": 7})
        assert report.status_code == (409 if taken else 200)


async def test_a_result_needs_an_accepted_task_of_ones_own(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    task = (await desk.post("/v1/tasks/next")).json()
    path = f"/v1/tasks/{task['task_id']}"
    too_early = await desk.post(f"{path}/result", {"disposition": 7})
    foreign = await desk.post(f"{path}/accept", by=COLLEAGUE)

    assert (too_early.status_code, too_early.json()["code"]) == (409, "not-accepted")
    assert (foreign.status_code, foreign.json()["code"]) == (409, "not-yours")


async def test_outside_calling_hours_nothing_is_reserved_but_the_counter(
    centre: Centre, desk: Desk
) -> None:
    called, standing = customers(2)
    await centre.granted(called)
    evening = FRIDAY_MORNING.replace(hour=21)
    await desk.at(evening)
    assert await asked_next(desk) is None

    await centre.handle(a_profile(standing), at_the_counter(standing, at=evening))

    assert await asked_next(desk) == standing


async def test_a_task_granted_in_the_evening_is_called_in_the_morning(
    centre: Centre, desk: Desk, customer: int
) -> None:
    evening = FRIDAY_MORNING.replace(hour=22)
    await centre.granted(customer, a_plunge(customer, at=evening))
    morning = FRIDAY_MORNING.replace(day=28, hour=9)  # a make-up Saturday
    await desk.at(morning - timedelta(minutes=1))
    assert await asked_next(desk) is None

    await desk.at(morning)

    assert await asked_next(desk) == customer


@pytest.mark.requirement("AL-04")
async def test_a_customer_at_a_counter_comes_before_every_queue_and_after_20_s_to_the_group(
    centre: Centre, desk: Desk
) -> None:
    waiting, standing = customers(2)
    await centre.granted(waiting, a_plunge(waiting, priority=88))
    await centre.handle(a_profile(standing), at_the_counter(standing))
    assert await asked_next(desk, COLLEAGUE) is None, "the own manager is asked alone"

    await centre.in_machine_time(21)

    assert await asked_next(desk, COLLEAGUE) == standing
    assert await asked_next(desk) == waiting


async def test_another_countys_task_is_not_there(centre: Centre, desk: Desk, customer: int) -> None:
    await centre.granted(customer)
    task = (await desk.post("/v1/tasks/next")).json()
    path = f"/v1/tasks/{task['task_id']}"
    elsewhere = {"organisation": "990102"}
    body = {"disposition": 7}

    assert (await desk.get(path, **elsewhere)).status_code == 404
    assert (await desk.post(f"{path}/accept", **elsewhere)).status_code == 404
    assert (await desk.post(f"{path}/heartbeat", **elsewhere)).status_code == 404
    assert (await desk.post(f"{path}/result", body, **elsewhere)).status_code == 404
    assert (await desk.post("/v1/tasks/next", **elsewhere, by=COLLEAGUE)).status_code == 204
    assert (await desk.get("/v1/tasks", **elsewhere)).json()["items"] == []


async def test_a_task_goes_with_its_customer_to_another_county(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    await centre.handle(a_profile(customer, sequence=2, county="990102"))

    assert (await desk.post("/v1/tasks/next")).status_code == 204
    moved = await desk.post("/v1/tasks/next", organisation="990102")
    assert int(moved.json()["customer_id"]) == customer


@pytest.mark.parametrize("role", [Role.COUNTY_CLERK, Role.AUDITOR, Role.BOSS])
async def test_only_who_calls_takes_tasks(desk: Desk, *, role: Role) -> None:
    assert (await desk.post("/v1/tasks/next", role=role)).status_code == 403


async def test_tasks_are_listed_by_state_and_manager_page_by_page(
    centre: Centre, desk: Desk
) -> None:
    mine, theirs = customers(3), customers(1)
    for one in mine:
        await centre.granted(one)
    for one in theirs:
        await centre.handle(a_profile(one, first_manager=COLLEAGUE), a_plunge(one))
    await desk.post("/v1/tasks/next")

    seen: list[str] = []
    query = f"/v1/tasks?state=waiting&manager={OWNER}&limit=1"
    cursor = ""
    while cursor is not None:
        page = (await desk.get(query + (f"&cursor={cursor}" if cursor else ""))).json()
        seen += [task["customer_id"] for task in page["items"]]
        cursor = page.get("next_cursor")
    reserved = (await desk.get("/v1/tasks?state=reserved")).json()["items"]

    assert len(seen) == 2
    assert {*seen, reserved[0]["customer_id"]} == {str(one) for one in mine}
