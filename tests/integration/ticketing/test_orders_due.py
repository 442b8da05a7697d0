"""Deadlines that pass: warned, broken, escalated, once each and at their own time."""

import asyncio
from uuid import UUID, uuid4

import pytest
from order_parts import Office, Ticketing
from ticketing_facts import (
    FRIDAY,
    a_customer,
    a_request,
    an_agreement,
    at,
)

from shared.events.callcenter import ContactDeclined, ContactGranted, ContactReplaced


@pytest.mark.requirement("TK-02", "TK-16")
async def test_a_deadline_warns_breaks_and_escalates_level_by_level(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))

    await ticketing.poll(at(28, 15, 59))
    assert await ticketing.history(order_id) == ["dispatch"]
    await ticketing.poll(at(28, 16))
    assert (await ticketing.history(order_id))[-1] == "warn"
    await ticketing.poll(at(28, 18))
    await ticketing.poll(at(2, 10, month=3))
    await ticketing.poll(at(9, 10, month=3))

    told = await ticketing.told(order_id)
    assert [(fact.name, fact.body.get("level"), fact.body.get("to")) for fact in told[1:]] == [
        ("deadline_breached", None, None),
        ("escalated", 1, "owner-990101"),
        ("escalated", 2, "9901"),
    ]
    assert [fact.body["at"] for fact in told[1:]] == [
        "2026-02-28T10:00:00Z",
        "2026-02-28T10:00:00Z",
        "2026-03-02T02:00:00Z",
    ]
    sheet = await office.clerk.sheet(order_id)
    assert (sheet["stage"], sheet["escalation_level"]) == ("escalated", 2)
    assert await ticketing.deadlines(order_id) == {}


async def test_several_workers_let_each_deadline_pass_once(ticketing: Ticketing) -> None:
    orders = [await ticketing.dispatched(an_agreement(a_customer())) for _ in range(60)]

    await asyncio.gather(*(ticketing.poll(at(28, 18)) for _ in range(4)))

    for order_id in orders:
        assert await ticketing.history(order_id) == ["dispatch", "warn", "breach"]


async def test_an_act_after_the_deadline_finds_it_broken_before_the_poller_came(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.clerk.does(order_id, "accept")
    office.clock.set(at(28, 18, 5))

    late = await office.clerk.does(order_id, "complete", etag='"2"', result="saved")

    assert await ticketing.history(order_id) == [
        "dispatch",
        "accept",
        "warn",
        "breach",
        "complete",
    ]
    assert (late["breached_at"], late["version"]) == ("2026-02-28T10:00:00Z", 5)
    await ticketing.poll(at(28, 19))
    assert (await ticketing.names_told(order_id)).count("deadline_breached") == 1


async def test_a_completion_in_time_breaks_nothing(ticketing: Ticketing, office: Office) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.completed(order_id)

    await ticketing.poll(at(9, 10, month=3))

    assert "breach" not in await ticketing.history(order_id)


async def test_a_counter_order_is_broken_the_same_evening(ticketing: Ticketing) -> None:
    order_id = await ticketing.requested(a_request(a_customer()))

    await ticketing.poll(at(27, 18))

    assert (await ticketing.names_told(order_id))[1:] == ["deadline_breached", "escalated"]


async def _returned(ticketing: Ticketing, office: Office) -> tuple[UUID, int, str]:
    """An order that lacks information, its customer, and the proposal to call."""
    customer = a_customer()
    order_id = await ticketing.dispatched(an_agreement(customer, tier="gold"))
    office.clock.set(FRIDAY)
    await office.clerk.does(order_id, "return", reason="need_information", note="which plan?")
    proposal = (await ticketing.told(order_id))[-1]
    assert (proposal.name, proposal.body["priority"]) == ("contact_proposed", 53)
    assert (proposal.body["attempt"], proposal.body["tier"]) == (1, "gold")
    assert proposal.body["about"] == f"order/{order_id}"
    return order_id, customer, proposal.body["proposal_id"]


def _answer(customer: int, **differs: object) -> dict[str, object]:
    return {
        "event_id": uuid4(),
        "subject": "proposal",
        "at": at(27, 15),
        "customer_id": customer,
        "county": "990101",
        **differs,
    }


async def test_a_question_to_the_customer_is_proposed_granted_and_replaced(
    ticketing: Ticketing, office: Office
) -> None:
    order_id, customer, proposal = await _returned(ticketing, office)
    grant = uuid4()

    await ticketing.handle(
        ContactGranted.model_validate(_answer(customer, proposal_id=proposal, grant_id=grant)),
        ContactGranted.model_validate(_answer(customer, proposal_id="alerts", grant_id=uuid4())),
    )
    sheet = await office.clerk.sheet(order_id)
    assert (sheet["follow_up"]["state"], sheet["follow_up"]["grant_id"]) == (
        "granted",
        str(grant),
    )

    await ticketing.handle(
        ContactReplaced.model_validate(_answer(customer, grant_id=grant, by="counter"))
    )
    sheet = await office.clerk.sheet(order_id)
    assert sheet["follow_up"]["state"] == "replaced"
    assert [step["act"] for step in sheet["history"][:2]] == [
        "contact_replaced",
        "contact_granted",
    ]


async def test_a_declined_question_is_proposed_once_more_at_the_time_named(
    ticketing: Ticketing, office: Office
) -> None:
    order_id, customer, proposal = await _returned(ticketing, office)
    declined = _answer(customer, proposal_id=proposal, because="cap", again_at=at(5, 9, month=3))

    await ticketing.handle(ContactDeclined.model_validate(declined))
    await ticketing.poll(at(5, 8, month=3))
    before = await ticketing.names_told(order_id)
    await ticketing.poll(at(5, 9, month=3))
    await ticketing.handle(
        ContactDeclined.model_validate(declined | {"at": at(5, 10, month=3), "event_id": uuid4()})
    )
    await ticketing.poll(at(9, 9, month=3))

    again = (await ticketing.told(order_id))[len(before) :]
    assert [(fact.name, fact.body["attempt"]) for fact in again] == [("contact_proposed", 2)]
    assert again[0].body["proposal_id"] == proposal


async def test_an_order_that_was_answered_meanwhile_asks_nobody_again(
    ticketing: Ticketing, office: Office
) -> None:
    order_id, customer, proposal = await _returned(ticketing, office)
    declined = _answer(customer, proposal_id=proposal, because="cap", again_at=at(28, 9))
    await ticketing.handle(ContactDeclined.model_validate(declined))
    await office.dispatcher.does(order_id, "answer", note="plan 129")

    await ticketing.poll(at(28, 9))

    assert (await ticketing.names_told(order_id)).count("contact_proposed") == 1
    assert "propose_again" not in await ticketing.deadlines(order_id)


async def test_an_order_returned_once_more_awaits_the_answer_to_its_new_question(
    ticketing: Ticketing, office: Office
) -> None:
    order_id, customer, proposal = await _returned(ticketing, office)
    declined = _answer(customer, proposal_id=proposal, because="cap", again_at=at(28, 9))
    await ticketing.handle(ContactDeclined.model_validate(declined))
    await office.dispatcher.does(order_id, "answer", note="plan 129")
    office.clock.set(at(27, 17))
    await office.clerk.does(order_id, "return", reason="need_information", note="which colour?")

    await ticketing.poll(at(28, 9))

    proposals = [fact for fact in await ticketing.told(order_id) if fact.name == "contact_proposed"]
    assert [fact.body["attempt"] for fact in proposals] == [1, 1]
