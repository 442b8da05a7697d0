"""What whoever serves a customer sees at once, and what a supervisor counts (CC-26, KP-12)."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from contact_parts import FRIDAY_MORNING, Centre, Desk, a_plunge, a_profile, a_reminder

from shared.events.alerts import AlertRaised, EpisodeClosed, EpisodeOpened
from shared.events.billing import BillIssued
from shared.events.customers import Contract
from shared.events.event import Event, EventId
from shared.events.points import PointsAtRiskChanged
from shared.events.ticketing import (
    DeadlineBreached,
    Escalated,
    WorkOrderAccepted,
    WorkOrderCompleted,
    WorkOrderDispatched,
)
from shared.identity import Role

pytestmark = pytest.mark.usefixtures("quiet_centre")


def fact(model: type[Event], customer: int, **fields: object) -> Event:
    common: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "x",
        "at": FRIDAY_MORNING,
        "customer_id": customer,
        "county": "990101",
    }
    return model.model_validate(common | fields)


def an_episode(customer: int) -> list[Event]:
    """Opened with its alert, and closed."""
    episode = {"episode_id": uuid4(), "severity": "major"}
    evidence = {
        "value": 58.2,
        "baseline": 98.7,
        "threshold": 30,
        "window_from": FRIDAY_MORNING - timedelta(days=90),
        "window_to": FRIDAY_MORNING,
        "unit": "yuan",
    }
    alert = {"alert_id": uuid4(), "rule": "AL-01", "rule_version": 1, "evidence": evidence}
    return [
        fact(EpisodeOpened, customer, priority=68, tier="gold", **episode),
        fact(AlertRaised, customer, **episode, **alert),
        fact(EpisodeClosed, customer, outcome="lost", **episode),
    ]


def an_order(customer: int) -> list[Event]:
    """Dispatched, and told to be late and lost; what came between is told too late."""
    order: dict[str, object] = {"order_id": uuid4(), "actor": "clerk"}
    due_at = FRIDAY_MORNING + timedelta(days=1)
    dispatched = {
        "number": "260227-000001",
        "order_type": "broadband",
        "cause": "agreement",
        "copy_to": "9901",
        "due_at": due_at,
        "policy": "end_of_next_working_day",
        "calendar_version": "cn-2026.1",
    }
    lost = {"state": "to_verify", "result": "lost", "lost_reason": "price"}
    return [
        fact(WorkOrderDispatched, customer, sequence=1, **order, **dispatched),
        fact(WorkOrderCompleted, customer, sequence=3, **order, **lost),
        fact(WorkOrderAccepted, customer, sequence=2, state="in_progress", **order),
        fact(DeadlineBreached, customer, due_at=due_at, **order),
        fact(Escalated, customer, level=1, to="owner-990101", **order),
    ]


def told_of(customer: int) -> list[Event]:
    """What the other services tell of one customer in a month."""
    bills = [("B1", "2026-01", 9_870), ("B2", "2026-02", 5_820)]
    return [
        *an_episode(customer),
        *an_order(customer),
        fact(PointsAtRiskChanged, customer, points=3_200, clears_on=date(2026, 4, 30)),
        *(
            fact(BillIssued, customer, bill_id=bill, month=month, amount_fen=fen)
            for bill, month, fen in bills
        ),
    ]


@pytest.mark.requirement("CC-26")
@pytest.mark.requirement("CC-14")
async def test_a_customer_is_seen_from_every_side(
    centre: Centre, desk: Desk, customer: int
) -> None:
    ends = Contract(contract_id="C-1", kind="terminal", ends_on=date(2026, 3, 20))
    facts = told_of(customer)
    await centre.handle(a_profile(customer, contracts=(ends,)), *facts, *facts, a_plunge(customer))
    path = await desk.called()
    await desk.post(f"{path}/result", {"disposition": 7, "result": "refused", "note": "too dear"})
    shown = (await desk.get(f"/v1/customers/{customer}")).json()

    assert shown["customer"]["contracts"][0]["ends_on"] == "2026-03-20"
    assert (shown["customer"]["manager"], shown["customer"]["tier"]) == ("manager-01", "gold")
    assert shown["budget"]["reached_at"] == "2026-02-27T02:00:00Z"
    [episode] = shown["episodes"]
    assert (episode["outcome"], episode["alerts"][0]["evidence"]["value"]) == ("lost", 58.2)
    assert shown["at_risk"] == {"points": 3_200, "clears_on": "2026-04-30"}
    assert [bill["amount_fen"] for bill in shown["bills"]] == [5_820, 9_870]
    [order] = shown["orders"]
    assert (order["state"], order["lost_reason"], order["number"]) == (
        "to_verify",
        "price",
        "260227-000001",
    )
    assert (order["breached"], order["escalated"]) == (True, 1)
    assert [task["state"] for task in shown["tasks"]] == ["done"]
    assert [contact["note"] for contact in shown["contacts"]] == ["too dear"]
    elsewhere = await desk.get(f"/v1/customers/{customer}", organisation="990102")
    assert elsewhere.status_code == 404


@pytest.mark.requirement("KP-12")
@pytest.mark.requirement("KP-22")
async def test_figures_count_what_a_county_did(centre: Centre, desk: Desk, customer: int) -> None:
    sale: dict[str, object] = {"disposition": 7, "result": "agreed", "order_type": "broadband"}
    sale["offer"] = "x"
    county = {"organisation": "990109"}  # nobody else's in these tests
    reports: list[dict[str, object]] = [
        sale,
        {"disposition": 3, "result": "refused"},
        {"disposition": 2},
    ]
    for number, report in enumerate(reports):
        one = customer ^ (number + 1)
        here = {"county": "990109"}
        await centre.handle(a_profile(one, **here), a_plunge(one, **here), a_reminder(one, **here))
        path = await desk.called(**county)
        assert (await desk.post(f"{path}/result", report, **county)).status_code == 200

    owner = {"role": Role.RETENTION_OWNER, **county}
    figures = (await desk.get("/v1/figures", **owner)).json()

    def counted(name: str) -> dict[tuple[str, str], int]:
        return {(row["of"], row["what"]): row["count"] for row in figures[name]}

    assert counted("proposals") == {("alerts", "granted"): 3, ("points", "weaker"): 3}
    assert counted("tasks") == {("contact", "done"): 2, ("contact", "waiting"): 1}
    assert counted("contacts") == {("2", "none"): 1, ("3", "refused"): 1, ("7", "agreed"): 1}
    assert counted("agreements") == {("broadband", "agreed"): 1}
    reach = figures["reach"]
    assert (reach["customers_called"], reach["customers_reached"]) == (3, 2)
    assert (round(reach["contact_rate"], 2), reach["success_rate"]) == (0.67, 0.5)
    assert figures["cap_broken"] == 0


async def test_a_second_contact_within_a_week_would_be_counted(
    centre: Centre, desk: Desk, customer: int
) -> None:
    """The figure that must be 0 is seen at 1: two contacts are written past the gate."""
    await centre.handle(a_profile(customer, county="990108"))
    for day in (0, 6):
        await centre.rows(
            """INSERT INTO contact (contact_id, customer_id, task_id, grant_id, disposition,
                                    reached, inbound, manager, at)
               SELECT g, $1, g, g, 7, true, false, 'x', $2
               FROM (SELECT gen_random_uuid() AS g) AS made""",
            customer,
            FRIDAY_MORNING + timedelta(days=day),
        )

    owner = {"role": Role.RETENTION_OWNER, "organisation": "990108"}
    assert (await desk.get("/v1/figures", **owner)).json()["cap_broken"] == 1
