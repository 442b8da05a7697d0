"""Nobody is called against the law or their word, whenever it is learnt (XC-20, XC-21)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from contact_parts import (
    FRIDAY_MORNING,
    Centre,
    Desk,
    a_plunge,
    a_profile,
    an_application,
    at_the_counter,
)

from shared.events.customers import CustomerStatus, PortabilityState
from shared.events.event import Event, EventId
from shared.events.touchpoints import ConsentChanged, PortabilityQueried

pytestmark = pytest.mark.usefixtures("quiet_centre")

LATER = FRIDAY_MORNING + timedelta(minutes=5)


def a_word(customer: int, **differs: object) -> ConsentChanged:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "consent",
        "at": LATER,
        "customer_id": customer,
        "county": "990101",
        "purpose": "retention",
        "allowed": True,
        "do_not_call": False,
    }
    return ConsentChanged.model_validate(fields | differs)


def forbidding(customer: int) -> dict[str, Event]:
    return {
        "portability": an_application(customer, at=LATER),
        "do_not_call": a_word(customer, do_not_call=True),
        "no_consent": a_word(customer, allowed=False),
        "frozen": a_profile(customer, sequence=2, at=LATER, status=CustomerStatus.CLOSED),
    }


@pytest.mark.requirement("XC-20")
@pytest.mark.requirement("XC-21")
@pytest.mark.parametrize("because", ["portability", "do_not_call", "no_consent", "frozen"])
async def test_what_is_learnt_between_task_and_call_cancels_the_task_and_refuses_the_call(
    centre: Centre, desk: Desk, customer: int, *, because: str
) -> None:
    await centre.granted(customer)
    task = (await desk.post("/v1/tasks/next")).json()
    path = f"/v1/tasks/{task['task_id']}"
    await centre.handle(forbidding(customer)[because])

    refused = await desk.post(f"{path}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "task-closed")
    assert refused.json()["because"] == because
    assert (await desk.post("/v1/tasks/next")).status_code == 204
    name, ended = (await centre.told(customer))[-1]
    assert (name, ended["by"]) == ("contact_replaced", because)
    await centre.handle(a_plunge(customer, at=LATER + timedelta(hours=1)))
    name, declined = (await centre.told(customer))[-1]
    assert (name, declined["because"]) == ("contact_declined", because)
    assert declined["again_at"] is None


@pytest.mark.requirement("XC-20")
async def test_an_application_during_the_call_refuses_its_result(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.granted(customer)
    path = await desk.called()
    await centre.handle(an_application(customer, at=LATER))

    sale = {"disposition": 7, "result": "agreed", "order_type": "broadband", "offer": "x"}
    refused = await desk.post(f"{path}/result", sale)
    assert (refused.status_code, refused.json()["because"]) == (409, "portability")
    assert "renewal_agreed" not in [name for name, _ in await centre.told(customer)]
    inbound = f"/v1/customers/{customer}/inbound"
    forbidden = await desk.post(inbound, sale)
    assert (forbidden.status_code, forbidden.json()["code"]) == (409, "contact-forbidden")
    assert (await desk.post(inbound, {"disposition": 7})).status_code == 201


async def test_a_guard_that_no_handler_obeyed_still_refuses_at_the_act(
    centre: Centre, desk: Desk, customer: int
) -> None:
    """The second lock: as if the application were written while the manager accepts."""
    await centre.granted(customer)
    task = (await desk.post("/v1/tasks/next")).json()
    await centre.rows("UPDATE guard SET portability = 'applied' WHERE customer_id = $1", customer)

    refused = await desk.post(f"/v1/tasks/{task['task_id']}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "contact-forbidden")
    assert refused.json()["because"] == "portability"


async def test_the_newest_word_wins_whichever_way_it_came(centre: Centre, customer: int) -> None:
    """The profile tells of an older word than the touchpoint, whenever it arrives."""
    await centre.handle(
        a_profile(customer),
        a_word(customer, do_not_call=True),
        a_profile(customer, sequence=2, consent_at=LATER - timedelta(days=1)),
        a_plunge(customer, at=LATER),
    )
    assert await centre.answers(customer) == {"alerts": "do_not_call"}

    newer = a_word(customer, at=LATER + timedelta(hours=1))
    second = a_plunge(customer, at=LATER + timedelta(hours=2))
    await centre.handle(newer, second)

    assert "contact_granted" in [name for name, _ in await centre.told(customer)]


@pytest.mark.requirement("XC-21")
async def test_consent_for_something_else_neither_forbids_nor_lifts_but_the_mark_counts(
    centre: Centre, customer: int
) -> None:
    later = LATER + timedelta(hours=1)
    await centre.handle(
        a_profile(customer),
        a_word(customer, purpose="survey", allowed=False),
        a_plunge(customer, at=LATER),
    )
    assert await centre.answers(customer) == {"alerts": "granted/open"}

    await centre.handle(
        a_word(customer, allowed=False),
        a_word(customer, purpose="survey", at=later),
        a_plunge(customer, at=later),
    )
    assert (await centre.told(customer))[-1][1]["because"] == "no_consent"

    await centre.handle(
        a_word(customer, at=later),
        a_word(customer, purpose="survey", do_not_call=True, at=later + timedelta(hours=1)),
        a_plunge(customer, at=later + timedelta(hours=2)),
    )
    assert (await centre.told(customer))[-1][1]["because"] == "do_not_call"


@pytest.mark.requirement("XC-21")
async def test_who_took_consent_back_agrees_to_nothing_whoever_called(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.handle(a_profile(customer), at_the_counter(customer))
    path = await desk.called()
    await centre.handle(a_word(customer, allowed=False))
    sale = {"disposition": 7, "result": "agreed", "order_type": "broadband", "offer": "x"}

    for act in (f"{path}/result", f"/v1/customers/{customer}/inbound"):
        refused = await desk.post(act, sale)
        assert (refused.status_code, refused.json()["because"]) == (409, "no_consent")
        assert "renewal_agreed" not in [name for name, _ in await centre.told(customer)]
    await centre.handle(a_word(customer, at=LATER + timedelta(minutes=1)))
    assert (await desk.post(f"/v1/customers/{customer}/inbound", sale)).status_code == 201


async def test_an_application_is_obeyed_before_the_profile_is_known(
    centre: Centre, customer: int
) -> None:
    await centre.handle(an_application(customer), a_plunge(customer))

    assert await centre.answers(customer) == {"alerts": "portability"}


async def test_a_profile_rebuilds_the_guard(centre: Centre, customer: int) -> None:
    ported = {"portability": PortabilityState.APPLIED, "portability_at": FRIDAY_MORNING}
    await centre.handle(a_profile(customer, **ported), a_plunge(customer))

    assert await centre.answers(customer) == {"alerts": "portability"}


async def test_an_undated_profile_restricts_and_lifts_nothing(
    centre: Centre, customer: int
) -> None:
    await centre.handle(
        a_profile(customer),
        a_profile(customer, sequence=2, portability=PortabilityState.APPLIED),
        a_profile(customer, sequence=3, at=LATER, portability=PortabilityState.QUERIED),
        a_plunge(customer, at=LATER),
    )

    assert await centre.answers(customer) == {"alerts": "portability"}


async def test_a_question_about_porting_is_a_signal_and_no_guard(
    centre: Centre, desk: Desk, customer: int
) -> None:
    query = PortabilityQueried(
        event_id=EventId(uuid4()),
        subject="query",
        at=FRIDAY_MORNING,
        customer_id=customer,
        county="990101",
        channel="hotline",  # pyright: ignore[reportArgumentType] - as it comes.
        reference="CXXZ-1",
    )
    await centre.handle(a_profile(customer), query, a_plunge(customer))

    assert await centre.answers(customer) == {"alerts": "granted/open"}
    shown = (await desk.get(f"/v1/customers/{customer}")).json()
    assert [signal["kind"] for signal in shown["signals"]] == ["portability_queried"]


@pytest.mark.requirement("AL-04")
async def test_a_customer_at_the_counter_needs_no_grant_and_replaces_an_open_one(
    centre: Centre, desk: Desk, customer: int
) -> None:
    requested = at_the_counter(customer)
    await centre.granted(customer)
    await centre.handle(requested, requested)

    counter = await centre.task_of(customer, kind="counter")
    assert (counter["request_id"], counter["priority"]) == (requested.request_id, 88)
    assert (await centre.task_of(customer))["because"] == "counter"
    ended = [v["by"] for n, v in await centre.told(customer) if n == "contact_replaced"]
    assert ended == ["counter"]
    path = await desk.called()
    await desk.post(f"{path}/result", {"disposition": 7, "result": "refused"})
    # Counter cases never count.
    await centre.handle(a_plunge(customer, at=LATER))
    assert (await centre.told(customer))[-1][0] == "contact_granted"


@pytest.mark.requirement("XC-20")
async def test_who_applied_to_port_is_left_alone_at_the_counter(
    centre: Centre, customer: int
) -> None:
    before = at_the_counter(customer)
    await centre.handle(a_profile(customer), before, an_application(customer, at=LATER))
    assert (await centre.task_of(customer, kind="counter"))["state"] == "cancelled"

    await centre.handle(at_the_counter(customer, at=LATER))

    assert await centre.value("SELECT count(*) FROM task WHERE customer_id = $1", customer) == 1


async def test_who_forbade_calls_is_served_at_the_counter(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.handle(
        a_profile(customer), a_word(customer, do_not_call=True), at_the_counter(customer)
    )

    assert await desk.called()


async def test_a_customer_at_the_counter_is_served_before_the_profile_is_known(
    centre: Centre, desk: Desk, customer: int
) -> None:
    await centre.handle(at_the_counter(customer))
    path = await desk.called()
    sale = {"disposition": 7, "result": "agreed", "order_type": "broadband", "offer": "x"}
    done = await desk.post(f"{path}/result", sale)
    assert done.status_code == 200, done.text
    withdraw = f"/v1/agreements/{done.json()['agreement_id']}/withdraw"
    assert (await desk.post(withdraw, organisation="990102")).status_code == 404
    assert (await desk.post(withdraw)).status_code == 200
