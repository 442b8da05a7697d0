"""Who sees which orders, in which order, and what may be counted of them."""

import asyncio
from itertools import pairwise
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from order_parts import Office, Ticketing
from ticketing_facts import (
    CITY,
    DONGHU,
    QINGSHI,
    a_customer,
    a_profile,
    a_request,
    an_agreement,
    at,
)

from shared.identity import Role


async def test_another_countys_order_is_not_there(ticketing: Ticketing, office: Office) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))

    read = await office.qingshi_clerk.reads(order_id)
    acted = await office.qingshi_clerk.asks(order_id, "accept")
    nobody = await office.qingshi_clerk.reads(uuid4())

    assert read.status_code == acted.status_code == nobody.status_code == 404
    assert read.json()["code"] == nobody.json()["code"]
    assert str(order_id) not in str(await office.qingshi_clerk.lists())
    assert await ticketing.history(order_id) == ["dispatch"]


@pytest.mark.requirement("TK-01")
async def test_the_group_department_sees_the_copies_of_its_city(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer(), county=QINGSHI))
    group = office.person("group-9901", Role.GROUP_DEPARTMENT, CITY)

    assert (await group.sheet(order_id))["copy_to"] == CITY
    assert (await group.asks(order_id, "accept")).status_code == 403


@pytest.mark.parametrize("table", ["work_order", "work_order_event", "deadline", "customer"])
async def test_without_an_organisation_the_web_role_reads_nothing(
    ticketing: Ticketing, table: str
) -> None:
    customer = a_customer()
    await ticketing.handle(a_profile(customer), an_agreement(customer))
    connection = await asyncpg.connect(ticketing.urls["web"])
    try:
        with pytest.raises(asyncpg.PostgresError, match="organisation is not set"):
            await connection.fetch(f"SELECT * FROM {table}")  # noqa: S608 - of this test.
    finally:
        await connection.close()


async def test_a_history_is_never_changed(ticketing: Ticketing) -> None:
    await ticketing.dispatched(an_agreement(a_customer()))
    for role in ("web", "worker", "migrate"):
        connection = await asyncpg.connect(ticketing.urls[role])
        try:
            # Unset, the organisation would be the reason already.
            await connection.execute("SELECT set_config('holdfast.organisation', '99', false)")
            with pytest.raises(asyncpg.PostgresError, match=r"permission denied|never changed"):
                await connection.execute("DELETE FROM work_order_event")
        finally:
            await connection.close()


async def test_a_page_offers_what_the_state_allows_and_the_role_may_do(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))

    assert (await office.clerk.sheet(order_id))["permitted"] == ["accept", "return"]
    assert (await office.dispatcher.sheet(order_id))["permitted"] == ["cancel"]
    manager = office.person("manager-03", Role.MANAGER, DONGHU)
    assert (await manager.sheet(order_id))["permitted"] == []


@pytest.mark.requirement("TK-17")
async def test_the_queue_has_the_nearest_deadline_first_then_the_better_customer(
    ticketing: Ticketing, office: Office
) -> None:
    county = "990103"
    later = await ticketing.dispatched(an_agreement(a_customer(), county=county, at=at(28, 9)))
    silver = await ticketing.dispatched(an_agreement(a_customer(), county=county))
    gold = await ticketing.dispatched(an_agreement(a_customer(), county=county, tier="gold"))
    counter = await ticketing.requested(a_request(a_customer(), county=county, store="990103001"))
    clerk = office.person("clerk-990103-1", Role.COUNTY_CLERK, county)

    async def one_by_one(**wanted: list[str]) -> list[UUID]:
        found: list[UUID] = []
        page = await clerk.lists(limit=1, **wanted)
        found += [UUID(item["order_id"]) for item in page["items"]]
        while page["next_cursor"]:
            page = await clerk.lists(limit=1, cursor=page["next_cursor"], **wanted)
            found += [UUID(item["order_id"]) for item in page["items"]]
        return found

    assert await one_by_one() == [counter, gold, silver, later]
    await clerk.does(gold, "accept")
    in_order = await one_by_one(state=["new", "in_progress", "new"])
    assert in_order == [counter, gold, silver, later], "whatever the order of the states"


async def test_a_queue_is_narrowed_by_state_type_county_and_breach(
    ticketing: Ticketing, office: Office
) -> None:
    broken = await ticketing.dispatched(
        an_agreement(a_customer(), county=QINGSHI, at=at(1, 9), order_type="2g_to_3g")
    )
    await ticketing.poll(at(2, 18))
    fresh = await ticketing.dispatched(an_agreement(a_customer(), county=QINGSHI))
    await office.qingshi_clerk.does(fresh, "accept")

    async def listed(**wanted: str | bool | list[str]) -> set[UUID]:
        page = await office.dispatcher.lists(**({"county": QINGSHI, "limit": 200} | wanted))
        return {UUID(item["order_id"]) for item in page["items"]}

    assert {broken, fresh} <= await listed()
    assert await listed(breached=True) == {broken}
    assert await listed(state=["in_progress", "to_verify"]) == {fresh}
    assert broken in await listed(order_type="2g_to_3g", state="new", breached=True)
    assert await listed(county=DONGHU, breached=True) == set()


@pytest.mark.requirement("TK-21")
async def test_figures_count_what_the_caller_may_see(ticketing: Ticketing, office: Office) -> None:
    auditor = office.person("auditor-99", Role.AUDITOR, "99")

    async def figures() -> dict[str, float]:
        answer = await office.client.get("/v1/figures", headers=auditor.headers())
        assert answer.status_code == 200
        body = answer.json()
        return {
            "lost": body["by_state"]["verified_lost"],
            "orders": body["orders"],
            "median": body["median_seconds_to_completion"] or 0,
            "other": body["lost_by_reason"].get("other", 0),
        }

    before = await figures()
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    office.clock.set(at(27, 15, 10))
    await office.completed(order_id, result="lost", lost_reason="other", note="moved abroad")
    await office.dispatcher.does(order_id, "verify")
    after = await figures()

    assert after["lost"] - before["lost"] == 1
    assert after["orders"] - before["orders"] == 1
    assert after["other"] - before["other"] == 1
    assert after["median"] == 3600


async def test_two_hundred_acts_at_once_leave_one_history(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    people = [office.person(f"clerk-{n}", Role.COUNTY_CLERK, DONGHU) for n in range(8)]
    acts = ["accept", "return", "complete", "withdraw"]
    bodies = {
        "return": {"reason": "need_information", "note": "?"},
        "complete": {"result": "saved"},
    }

    crowd = asyncio.Semaphore(50)  # a client waits at most five seconds for its turn

    async def act(n: int) -> httpx2.Response:
        async with crowd:
            kind = acts[n % 4]
            return await people[n % 8].asks(order_id, kind, **bodies.get(kind, {}))

    answers = await asyncio.gather(*map(act, range(200)))

    done = [answer.json()["version"] for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert sorted(done) == list(range(2, 2 + len(done)))
    rows = await ticketing.rows(
        """SELECT version, act, from_state, to_state FROM work_order_event
           WHERE order_id = $1 ORDER BY version""",
        order_id,
    )
    assert [row[0] for row in rows] == list(range(1, len(done) + 2))
    assert all(row[2] == earlier[3] for earlier, row in pairwise(rows))
    told = await ticketing.told(order_id)
    moves = [fact.sequence for fact in told if fact.name != "contact_proposed"]
    assert moves == sorted(moves)
