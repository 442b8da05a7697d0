"""The way of an order over HTTP, from acceptance to verification, and what is refused."""

from uuid import uuid4

import pytest
from order_parts import Office, Ticketing
from ticketing_facts import (
    DONGHU,
    QINGSHI,
    a_customer,
    a_request,
    an_agreement,
    at,
)

from shared.identity import Role


@pytest.mark.requirement("TK-03", "TK-04", "TK-15", "TK-22")
async def test_an_order_is_accepted_completed_opened_and_verified(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))

    accepted = await office.clerk.does(order_id, "accept", etag='"1"')
    assert accepted["first_receiver"] == "clerk-990101-1"
    await office.clerk.does(order_id, "complete", etag='"2"', result="saved", note="signed")
    await office.dispatcher.does(order_id, "open", etag='"3"')
    verified = await office.dispatcher.does(order_id, "verify", etag='"4"')

    assert (verified["state"], verified["result"]) == ("verified_saved", "saved")
    assert verified["answerable"] == "owner-990101"
    sheet = await office.clerk.sheet(order_id)
    assert [step["act"] for step in sheet["history"]] == [
        "verify",
        "open",
        "complete",
        "accept",
        "dispatch",
    ]
    told = await ticketing.told(order_id)
    assert [(fact.name, fact.sequence) for fact in told] == [
        ("work_order_dispatched", 1),
        ("work_order_accepted", 2),
        ("work_order_completed", 3),
        ("work_order_verified", 5),
    ]
    assert told[-1].body["state"] == "verified_saved"
    assert told[-1].body["actor"] == "dispatcher-9901"


@pytest.mark.requirement("TK-04", "TK-12")
async def test_a_lost_order_needs_a_reason_of_the_taxonomy(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.clerk.does(order_id, "accept")
    answer = await office.client.get("/v1/lost-reasons", headers=office.clerk.headers())
    assert [reason["name_zh"] for reason in answer.json()] == [
        "离开本地",
        "员工离职单位销户",
        "转他网",
        "其他",
    ]

    bare = await office.clerk.asks(order_id, "complete", result="lost")
    unknown = await office.clerk.asks(order_id, "complete", result="lost", lost_reason="rain")
    lost = await office.clerk.does(
        order_id, "complete", result="lost", lost_reason=answer.json()[2]["code"]
    )

    assert (bare.status_code, bare.json()["code"]) == (422, "lost-reason-missing")
    assert unknown.status_code == 422
    assert lost["lost_reason"] == "other_network"
    verified = await office.dispatcher.does(order_id, "verify")
    assert verified["state"] == "verified_lost"
    assert (await ticketing.told(order_id))[-1].body["lost_reason"] == "other_network"


@pytest.mark.requirement("TK-04")
async def test_a_dispatcher_who_completed_an_order_does_not_verify_it(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    both = office.person("dispatcher-9901", Role.RETENTION_OWNER, DONGHU)
    await both.does(order_id, "accept")
    await both.does(order_id, "complete", result="saved")
    assert (await office.dispatcher.sheet(order_id))["permitted"] == ["open", "send_back"]

    refused = await office.dispatcher.asks(order_id, "verify")

    assert (refused.status_code, refused.json()["code"]) == (409, "own-work")
    other = office.person("dispatcher-9901-2", Role.DISPATCHER, "9901")
    assert (await other.does(order_id, "verify"))["state"] == "verified_saved"


async def test_the_clerk_withdraws_until_the_dispatcher_opens(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.completed(order_id)
    assert (await office.clerk.does(order_id, "withdraw"))["state"] == "in_progress"
    await office.clerk.does(order_id, "complete", result="saved")

    await office.dispatcher.does(order_id, "open")
    refused = await office.clerk.asks(order_id, "withdraw")

    assert (refused.status_code, refused.json()["code"]) == (409, "already-opened")
    assert refused.json()["happened"][0]["actor"] == "dispatcher-9901"


async def test_an_order_goes_back_to_the_dispatcher_and_its_clock_stands(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    office.clock.set(at(27, 16))
    await office.clerk.does(order_id, "return", reason="not_ours", note="lives in Qingshi")
    assert await ticketing.deadlines(order_id) == {}

    office.clock.set(at(28, 10))
    answered = await office.dispatcher.does(order_id, "answer", note="moved here in January")

    assert answered["state"] == "in_progress"
    assert (await office.clerk.sheet(order_id))["deadline"]["due_at"] == (
        "2026-03-02T12:00:00+08:00"
    )
    assert (await ticketing.deadlines(order_id))["breach"] == at(2, 12, month=3)
    assert await ticketing.names_told(order_id) == [
        "work_order_dispatched",
        "work_order_returned",
        "work_order_accepted",
    ]


async def test_an_order_that_is_not_ours_goes_to_another_county(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.clerk.does(order_id, "return", reason="not_ours", note="lives in Qingshi")

    nowhere = await office.dispatcher.asks(order_id, "redispatch", county="980101")
    sent = await office.dispatcher.does(order_id, "redispatch", county=QINGSHI)

    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "unknown-county")
    assert (sent["county"], sent["state"]) == (QINGSHI, "new")
    assert (await office.clerk.reads(order_id)).status_code == 404
    assert (await office.qingshi_clerk.does(order_id, "accept"))["state"] == "in_progress"
    assert (await ticketing.told(order_id))[2].name == "work_order_dispatched"
    assert (await ticketing.told(order_id))[2].body["county"] == QINGSHI


async def test_what_is_sent_back_or_reopened_has_a_new_deadline(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.completed(order_id)
    office.clock.set(at(28, 11))
    await office.dispatcher.does(order_id, "send-back", note="no contract found")
    assert (await ticketing.deadlines(order_id))["breach"] == at(2, 18, month=3)
    await office.completed(order_id)
    await office.dispatcher.does(order_id, "verify")

    office.clock.set(at(2, 11, month=3))
    reopened = await office.dispatcher.does(order_id, "reopen", note="contract was void")

    assert (reopened["state"], reopened["result"]) == ("sent_back", None)
    assert (await ticketing.deadlines(order_id))["breach"] == at(3, 18, month=3)
    names = await ticketing.names_told(order_id)
    assert names.count("work_order_completed") == 2
    assert names[-1] == "work_order_reopened"


@pytest.mark.requirement("TK-09")
async def test_a_counter_order_is_completed_only_when_reason_and_handler_are_known(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.requested(a_request(a_customer(), reason=None))
    store = office.person("clerk-990101001-1", Role.STORE_CLERK, "990101001")
    await store.does(order_id, "accept")

    refused = await store.asks(order_id, "complete", result="saved")
    done = await store.does(order_id, "complete", result="saved", leaving_reason="tariff")

    assert (refused.status_code, refused.json()["code"]) == (409, "leaving-details-missing")
    assert (done["leaving_reason"], done["state"]) == ("tariff", "to_verify")


async def test_two_clerks_complete_one_order_and_the_second_learns_of_the_first(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.clerk.does(order_id, "accept")
    await office.clerk.does(order_id, "complete", etag='"2"', result="saved")

    stale = await office.other_clerk.asks(order_id, "complete", etag='"2"', result="saved")
    late = await office.other_clerk.asks(order_id, "complete", result="saved")

    assert (stale.status_code, late.status_code) == (412, 409)
    for answer in (stale, late):
        happened = answer.json()["happened"][0]
        assert (happened["act"], happened["actor"]) == ("complete", "clerk-990101-1")
        assert answer.json()["state"] == "to_verify"
    assert late.json()["code"] == "wrong-state"


async def test_an_act_without_if_match_is_refused_and_a_repeat_is_answered(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    path = f"/v1/orders/{order_id}/accept"
    bare = await office.client.post(path, headers=office.clerk.headers())
    assert (bare.status_code, bare.json()["code"]) == (428, "precondition-required")

    first = await office.clerk.asks(order_id, "accept", etag='"1"', key="once")
    again = await office.clerk.asks(order_id, "accept", etag='"1"', key="once")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["etag"] == '"2"'
    assert await ticketing.history(order_id) == ["dispatch", "accept"]


async def test_an_order_nobody_made_is_not_there(office: Office) -> None:
    answer = await office.dispatcher.asks(uuid4(), "open")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
