"""What calls come to: attempts, call-backs, agreements, inbound calls, manual tasks (CC-11)."""

from datetime import timedelta

import pytest
from contact_parts import (
    FRIDAY_MORNING,
    OWNER,
    Centre,
    Desk,
    a_plunge,
    a_profile,
    a_reminder,
    at_the_counter,
)

from shared.working_calendar import ZONE

pytestmark = pytest.mark.usefixtures("quiet_centre")

AGREED = {"disposition": 7, "result": "agreed", "order_type": "broadband", "offer": "fibre-500"}


@pytest.mark.requirement("TK-01")
async def test_an_agreement_is_told_with_all_that_ticketing_needs(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    answer = await desk.post(f"{path}/result", AGREED | {"note": "wants it before Friday"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["task"]["state"], body["task"]["because"]) == ("done", None)

    granted, recorded, agreed = await centre.told(customer)
    assert recorded[0] == "contact_recorded"
    assert (recorded[1]["reached"], recorded[1]["inbound"]) == (True, False)
    assert recorded[1]["grant_id"] == granted[1]["grant_id"]
    assert agreed[0] == "renewal_agreed"
    wanted = {
        "agreement_id": body["agreement_id"],
        "task_id": body["task"]["task_id"],
        "order_type": "broadband",
        "offer": "fibre-500",
        "agreed_at": "2026-02-27T02:00:00Z",
        "manager": OWNER,
        "tier": "gold",
        "priority": 68,
    }
    assert {name: agreed[1][name] for name in wanted} == wanted


async def test_an_agreements_cause_is_the_grant_so_a_chain_reaches_back_through_the_call(
    centre: Centre, desk: Desk, customer: int
) -> None:
    proposed = a_plunge(customer)
    await centre.granted(customer, proposed)
    path = await desk.called()
    await desk.post(f"{path}/result", AGREED)

    links = await centre.rows("SELECT event_id, cause_id, type FROM event_link")
    cause = {str(link["event_id"]): link["cause_id"] for link in links}
    by_type = {
        link["type"]: str(link["event_id"])
        for link in links
        if str(proposed.event_id) in (link["cause_id"], cause.get(link["cause_id"]))
    }
    agreed = by_type["callcenter.renewal_agreed.v1"]
    assert cause[agreed] == by_type["callcenter.contact_granted.v1"]
    assert cause[cause[agreed]] == str(proposed.event_id)


async def test_the_same_result_sent_again_is_answered_and_not_done(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    first = await desk.post(f"{path}/result", AGREED, key=f"k-{customer}")
    again = await desk.post(f"{path}/result", AGREED, key=f"k-{customer}")
    other = await desk.post(f"{path}/result", AGREED)

    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "task-closed")
    assert [n for n, _ in await centre.told(customer)].count("renewal_agreed") == 1


@pytest.mark.requirement("CC-11")
async def test_three_unanswered_calls_belong_to_one_grant_and_then_it_ends(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    pauses = (timedelta(), timedelta(hours=4), timedelta(days=1))
    now = FRIDAY_MORNING
    for disposition, pause in zip((2, 4, 5), pauses, strict=True):
        now += pause
        await desk.at(now - timedelta(seconds=1))
        if pause:
            assert (await desk.post("/v1/tasks/next")).status_code == 204
        await desk.at(now)
        path = await desk.called()
        answer = await desk.post(f"{path}/result", {"disposition": disposition})
        assert answer.status_code == 200, answer.text

    task = await centre.task_of(customer)
    assert (task["state"], task["because"], task["attempts"]) == ("done", "unanswered", 3)
    name, replaced = (await centre.told(customer))[-1]
    assert (name, replaced["by"]) == ("contact_replaced", "unanswered")
    # Nobody was reached: the next proposal is granted.
    await centre.handle(a_reminder(customer, at=now))
    assert (await centre.answers(customer))["points"] == "granted/open"


async def test_a_call_back_keeps_the_grant_its_manager_and_its_hour(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    await desk.at(FRIDAY_MORNING + timedelta(hours=3))
    path = await desk.called(by="manager-02")
    at = FRIDAY_MORNING + timedelta(hours=6)
    wish = {"disposition": 7, "result": "call_back", "call_back_at": at.isoformat()}
    body = (await desk.post(f"{path}/result", wish, by="manager-02")).json()
    assert (body["task"]["state"], body["task"]["owner"]) == ("waiting", "manager-02")

    # The customer was reached: a stronger proposal meets the cap, and the call-back stands.
    await centre.handle(a_plunge(customer, priority=88, at=at))
    assert (await centre.told(customer))[-1][1]["because"] == "cap"
    await desk.at(at)
    assert await desk.called(by="manager-02") == path
    done = await desk.post(f"{path}/result", AGREED, by="manager-02")
    assert done.json()["task"]["state"] == "done"
    told = {v["grant_id"] for n, v in await centre.told(customer) if n == "contact_recorded"}
    assert len(told) == 1
    grants = "SELECT count(*) FROM contact_grant WHERE customer_id = $1"
    assert await centre.value(grants, customer) == 1


@pytest.mark.requirement("CC-26")
async def test_nobody_else_calls_before_a_call_back_that_is_promised_for_later_than_the_cap(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    wish = {"disposition": 7, "result": "call_back", "call_back_at": "2026-03-09T10:00:00+08:00"}
    assert (await desk.post(f"{path}/result", wish)).status_code == 200

    at = FRIDAY_MORNING + timedelta(days=8)
    await centre.handle(a_plunge(customer, at=at, valid_until=at + timedelta(days=5)))

    declined = (await centre.told(customer))[-1][1]
    assert (declined["because"], declined["again_at"]) == ("cap", "2026-03-16T02:00:00Z")


async def test_a_call_back_in_the_night_is_refused_with_the_next_hour(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    night = FRIDAY_MORNING.replace(hour=23).isoformat()
    wish = {"disposition": 7, "result": "call_back", "call_back_at": night}
    answer = await desk.post(f"{path}/result", wish)

    assert (answer.status_code, answer.json()["code"]) == (409, "outside-calling-hours")
    assert answer.json()["next_hour"].startswith("2026-02-28 09:00")
    assert (await desk.get(path)).json()["state"] == "in_call", "the manager asks for another hour"


async def test_who_wants_no_more_calls_gets_none_for_a_month(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    await desk.post(f"{path}/result", {"disposition": 6, "result": "refused"})

    at = FRIDAY_MORNING + timedelta(days=29)
    late = {"at": at, "valid_until": at + timedelta(days=3)}
    await centre.handle(a_plunge(customer, **late))
    assert (await centre.told(customer))[-1][1]["because"] == "frozen"


async def test_who_calls_and_wants_no_more_calls_is_not_called(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    await desk.post(f"/v1/customers/{customer}/inbound", {"disposition": 6})

    assert (await centre.task_of(customer))["because"] == "frozen"
    name, ended = (await centre.told(customer))[-1]
    assert (name, ended["by"]) == ("contact_replaced", "frozen")


async def test_who_wants_no_more_calls_at_the_counter_loses_the_grant_beside_it(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.handle(a_profile(customer), at_the_counter(customer), a_plunge(customer))
    path = await desk.called()
    await desk.post(f"{path}/result", {"disposition": 6, "result": "refused"})

    assert await centre.answers(customer) == {"alerts": "granted/ended"}
    assert (await centre.task_of(customer))["because"] == "frozen"


async def test_an_agreement_is_withdrawn_once(centre: Centre, desk: Desk, customer: int) -> None:
    await centre.granted(customer)
    path = await desk.called()
    agreement = (await desk.post(f"{path}/result", AGREED)).json()["agreement_id"]
    withdraw = f"/v1/agreements/{agreement}/withdraw"
    assert (await desk.post(withdraw, organisation="990102")).status_code == 404
    first, second = await desk.post(withdraw), await desk.post(withdraw)

    assert first.json()["withdrawn_at"] is not None
    assert (second.status_code, second.json()["code"]) == (409, "already-withdrawn")
    name, told = (await centre.told(customer))[-1]
    assert (name, told["agreement_id"]) == ("agreement_withdrawn", agreement)


@pytest.mark.requirement("CC-17")
async def test_an_inbound_call_is_recorded_and_never_counts(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.handle(a_profile(customer))
    answer = await desk.post(f"/v1/customers/{customer}/inbound", {"disposition": 3})
    assert answer.status_code == 201, answer.text
    assert answer.json()["task"]["kind"] == "inbound"
    name, recorded = (await centre.told(customer))[-1]
    assert (name, recorded["inbound"], recorded["grant_id"]) == ("contact_recorded", True, None)

    await centre.handle(a_plunge(customer))
    assert await centre.answers(customer) == {"alerts": "granted/open"}
    await desk.post(f"/v1/customers/{customer}/inbound", AGREED)
    task = await centre.task_of(customer)
    assert (task["state"], task["because"]) == ("cancelled", "inbound"), "nothing is left to ask"
    unanswered = await desk.post(f"/v1/customers/{customer}/inbound", {"disposition": 2})
    assert unanswered.status_code == 422


async def test_a_manual_task_goes_through_the_gate(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.handle(a_profile(customer))
    wish = {"customer_id": str(customer), "reason": "birthday"}
    granted = await desk.post("/v1/tasks", wish)
    assert granted.status_code == 201, granted.text
    assert (granted.json()["state"], granted.json()["priority"]) == ("granted", 63)
    declined = (await desk.post("/v1/tasks", wish)).json()
    assert (declined["state"], declined["because"]) == ("declined", "weaker")
    shown = (await desk.get(f"/v1/proposals/{declined['proposal_id']}")).json()
    assert shown == [declined]
    assert (await desk.post("/v1/tasks", wish, organisation="990102")).status_code == 404
    elsewhere = f"/v1/proposals/{declined['proposal_id']}"
    assert (await desk.get(elsewhere, organisation="990102")).status_code == 404


@pytest.mark.parametrize(("days", "status"), [(91, 422), (89, 201)])
async def test_a_manual_task_is_planned_at_most_a_quarter_ahead(
    centre: Centre, desk: Desk, customer: int, *, days: int, status: int
) -> None:
    await centre.handle(a_profile(customer))
    begins = (FRIDAY_MORNING + timedelta(days=days)).isoformat()
    wish = {"customer_id": str(customer), "reason": "birthday", "not_before": begins}

    assert (await desk.post("/v1/tasks", wish)).status_code == status


async def test_a_call_back_that_its_manager_misses_goes_to_the_group_in_half_an_hour(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    at = FRIDAY_MORNING.astimezone(ZONE) + timedelta(hours=5)
    wish = {"disposition": 7, "result": "call_back", "call_back_at": at.isoformat()}
    await desk.post(f"{path}/result", wish)

    await desk.at(at + timedelta(minutes=29))
    assert (await desk.post("/v1/tasks/next", by="manager-02")).status_code == 204
    await desk.at(at + timedelta(minutes=30))
    assert await desk.called(by="manager-02") == path
