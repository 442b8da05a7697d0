"""How an order begins: from an agreement, from a request at a counter, or not at all."""

from uuid import UUID, uuid4

import pytest
from order_parts import Office, Ticketing
from ticketing_facts import (
    DONGHU,
    QINGSHI,
    a_consent,
    a_customer,
    a_portability,
    a_profile,
    a_request,
    an_agreement,
    at,
    withdrawal_of,
)

from services.ticketing.domain.dispatch import order_id_of
from shared.events.callcenter import OwnerChanged
from shared.events.event import EventId


@pytest.mark.requirement("TK-01")
async def test_an_agreement_becomes_an_order_of_the_home_county_with_a_copy_to_the_group(
    ticketing: Ticketing, office: Office
) -> None:
    customer = a_customer()
    await ticketing.handle(a_profile(customer, county=QINGSHI))

    order_id = await ticketing.dispatched(an_agreement(customer, county=DONGHU))

    sheet = await office.dispatcher.sheet(order_id)
    assert (sheet["county"], sheet["copy_to"], sheet["state"]) == (QINGSHI, "9901", "new")
    assert (await office.qingshi_clerk.reads(order_id)).status_code == 200
    [dispatched] = await ticketing.told(order_id)
    assert (dispatched.name, dispatched.sequence) == ("work_order_dispatched", 1)
    assert dispatched.body["number"] == sheet["number"]
    assert sheet["number"].startswith("260227-")


@pytest.mark.requirement("TK-02")
async def test_the_due_date_explains_itself(ticketing: Ticketing, office: Office) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer(), at=at(28, 10)))

    deadline = (await office.clerk.sheet(order_id))["deadline"]

    assert deadline["policy"] == "end_of_next_working_day"
    assert deadline["due_at"] == "2026-03-02T18:00:00+08:00"
    assert [day["date"] for day in deadline["skipped"]] == ["2026-03-01"]
    [(content,)] = await ticketing.rows(
        "SELECT content FROM calendar_version WHERE version = $1", deadline["calendar_version"]
    )
    assert "调休" in content


async def test_an_agreement_told_twice_has_one_order(ticketing: Ticketing) -> None:
    agreed = an_agreement(a_customer())
    again = agreed.model_copy(update={"event_id": EventId(uuid4())})

    order_id = await ticketing.dispatched(agreed)
    await ticketing.handle(agreed, again)

    assert await ticketing.history(order_id) == ["dispatch"]
    assert await ticketing.names_told(order_id) == ["work_order_dispatched"]


async def test_a_withdrawn_agreement_cancels_its_order_while_it_is_new(
    ticketing: Ticketing,
) -> None:
    agreed = an_agreement(a_customer())
    order_id = await ticketing.dispatched(agreed)

    await ticketing.handle(withdrawal_of(agreed, when=at(27, 15)))

    assert await ticketing.state(order_id) == "cancelled"
    assert await ticketing.names_told(order_id) == [
        "work_order_dispatched",
        "work_order_cancelled",
    ]
    assert await ticketing.deadlines(order_id) == {}


async def test_a_withdrawal_that_comes_before_its_agreement_leaves_no_order(
    ticketing: Ticketing,
) -> None:
    agreed = an_agreement(a_customer())

    await ticketing.handle(withdrawal_of(agreed))
    order_id = await ticketing.dispatched(agreed)

    assert await ticketing.state(order_id) is None


async def test_who_works_on_an_order_already_only_learns_of_the_withdrawal(
    ticketing: Ticketing, office: Office
) -> None:
    agreed = an_agreement(a_customer())
    order_id = await ticketing.dispatched(agreed)
    await office.clerk.does(order_id, "accept")

    await ticketing.handle(withdrawal_of(agreed, when=at(27, 15)))

    assert await ticketing.state(order_id) == "in_progress"
    assert (await ticketing.history(order_id))[-1] == "agreement_withdrawn"


@pytest.mark.requirement("TK-08", "TK-09", "TK-10")
async def test_a_request_at_a_counter_is_an_order_of_that_store_due_today(
    ticketing: Ticketing, office: Office
) -> None:
    customer = a_customer()
    await ticketing.handle(a_profile(customer, county=QINGSHI, tier="silver"))

    order_id = await ticketing.requested(a_request(customer, store="990101002", county=QINGSHI))

    sheet = await office.clerk.sheet(order_id)
    assert sheet["vip"]
    assert (sheet["leaving_reason"], sheet["handler"]) == ("tariff", "holder")
    assert (sheet["county"], sheet["store"], sheet["first_receiver"]) == (
        DONGHU,
        "990101002",
        "990101002",
    )
    assert sheet["deadline"]["due_at"] == "2026-02-27T18:00:00+08:00"
    assert sheet["manager"] == "manager-01"


async def test_a_request_told_twice_has_one_order_and_is_found_by_its_id(
    ticketing: Ticketing, office: Office
) -> None:
    asked = a_request(a_customer())

    order_id = await ticketing.requested(asked)
    await ticketing.handle(asked.model_copy(update={"event_id": EventId(uuid4())}))

    page = await office.clerk.lists(cause=asked.request_id)
    assert [UUID(item["order_id"]) for item in page["items"]] == [order_id]


async def test_two_customers_whose_requests_have_the_same_id_have_two_orders(
    ticketing: Ticketing,
) -> None:
    first, second = (a_request(a_customer(), request_id="0001") for _ in range(2))

    order_ids = [await ticketing.requested(asked) for asked in (first, second)]

    assert len(set(order_ids)) == 2
    assert [await ticketing.state(order_id) for order_id in order_ids] == ["new", "new"]


@pytest.mark.requirement("XC-20")
async def test_a_portability_application_cancels_what_is_open_and_lets_nothing_begin(
    ticketing: Ticketing, office: Office
) -> None:
    customer = a_customer()
    renewal = await ticketing.dispatched(an_agreement(customer))
    done = await ticketing.dispatched(an_agreement(customer))
    await office.completed(done)

    await ticketing.handle(a_portability(customer, when=at(27, 15)))
    counter = await ticketing.requested(a_request(customer, at=at(27, 16)))

    assert await ticketing.state(renewal) == "cancelled"
    assert await ticketing.state(done) == "to_verify"
    sheet = await office.clerk.sheet(counter)
    assert (sheet["state"], sheet["forbidden_by"]) == ("cancelled", "portability_applied")
    assert [step["act"] for step in sheet["history"]] == ["portability_applied"]
    assert await ticketing.names_told(counter) == ["work_order_cancelled"]
    back = await office.dispatcher.asks(done, "send-back", note="no contract found")
    assert (back.status_code, back.json()["code"]) == (409, "portability-applied")


@pytest.mark.requirement("XC-20")
async def test_the_newest_word_on_portability_wins(ticketing: Ticketing) -> None:
    customer = a_customer()
    given_up = a_profile(
        customer, sequence=2, portability="none", portability_at=at(27, 16), consent_at=at(1, 9)
    )

    await ticketing.handle(a_portability(customer, when=at(27, 15)), given_up)
    await ticketing.handle(a_portability(customer, when=at(27, 14)))
    order_id = await ticketing.dispatched(an_agreement(customer, at=at(27, 17)))

    assert await ticketing.state(order_id) == "new"


@pytest.mark.requirement("XC-20")
async def test_a_profile_that_says_ported_cancels_as_the_application_does(
    ticketing: Ticketing,
) -> None:
    customer = a_customer()
    order_id = await ticketing.dispatched(an_agreement(customer))

    await ticketing.handle(
        a_profile(customer, portability="applied", portability_at=at(27, 15), at=at(27, 15))
    )

    assert await ticketing.state(order_id) == "cancelled"


@pytest.mark.requirement("XC-20")
async def test_a_profile_that_says_ported_without_a_date_cancels_as_well(
    ticketing: Ticketing,
) -> None:
    customer = a_customer()
    order_id = await ticketing.dispatched(an_agreement(customer))

    await ticketing.handle(a_profile(customer, portability="ported_out", at=at(27, 15)))

    assert await ticketing.state(order_id) == "cancelled"


@pytest.mark.requirement("XC-21")
async def test_consent_taken_back_ends_renewals_and_leaves_the_counter(
    ticketing: Ticketing,
) -> None:
    customer = a_customer()
    renewal = await ticketing.dispatched(an_agreement(customer))
    counter = await ticketing.requested(a_request(customer))

    await ticketing.handle(a_consent(customer, allowed=False, when=at(27, 15), purpose="survey"))
    assert await ticketing.state(renewal) == "new"  # that is no matter of ours
    await ticketing.handle(a_consent(customer, allowed=False, when=at(27, 15)))

    assert await ticketing.state(renewal) == "cancelled"
    assert await ticketing.state(counter) == "new"


async def test_an_order_shows_whose_the_customer_is_now(
    ticketing: Ticketing, office: Office
) -> None:
    customer = a_customer()
    order_id = await ticketing.dispatched(an_agreement(customer, manager="manager-03"))
    changed = OwnerChanged.model_validate(
        {
            "event_id": uuid4(),
            "subject": f"customer/{customer}",
            "at": at(27, 15),
            "customer_id": customer,
            "county": DONGHU,
            "manager": "manager-09",
            "reason": "left",
        }
    )

    await ticketing.handle(changed, a_profile(customer, first_manager="manager-01"))

    sheet = await office.clerk.sheet(order_id)
    assert (sheet["manager"], sheet["owner"]) == ("manager-03", "manager-09")


async def test_who_first_had_a_customer_keeps_them_whatever_boss_names_later(
    ticketing: Ticketing, office: Office
) -> None:
    customer = a_customer()
    order_id = await ticketing.dispatched(an_agreement(customer, manager="manager-03"))

    for sequence, manager in ((1, None), (2, "manager-01"), (3, "manager-02")):
        told = a_profile(customer, sequence=sequence, first_manager=manager)
        await ticketing.handle(told)

    assert (await office.clerk.sheet(order_id))["owner"] == "manager-01"


async def test_agreements_that_come_together_begin_one_by_one(ticketing: Ticketing) -> None:
    customer, ported = a_customer(), a_customer()
    first, second = an_agreement(customer), an_agreement(customer, order_type="2g_to_3g")
    again = first.model_copy(update={"event_id": EventId(uuid4())})
    withdrawn, forbidden = an_agreement(a_customer()), an_agreement(ported)
    await ticketing.handle(withdrawal_of(withdrawn), a_portability(ported, when=at(27, 9)))

    await ticketing.handle_together(second, withdrawn, first, again, forbidden)

    began = [order_id_of(str(agreed.agreement_id)) for agreed in (second, first, forbidden)]
    numbers = [(await ticketing.told(order_id))[0].body.get("number") for order_id in began]
    assert [await ticketing.state(order_id) for order_id in began] == ["new", "new", "cancelled"]
    assert [await ticketing.names_told(order_id) for order_id in began] == [
        ["work_order_dispatched"],
        ["work_order_dispatched"],
        ["work_order_cancelled"],
    ]
    assert [len(await ticketing.deadlines(order_id)) for order_id in began] == [3, 3, 0]
    assert await ticketing.state(order_id_of(str(withdrawn.agreement_id))) is None
    assert numbers[0] is not None
    assert numbers[1] == f"260227-{int(numbers[0][-6:]) + 1:06d}"
