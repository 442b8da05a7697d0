"""Hits and outcomes into the tables, and what the API shows of them, to whom."""

import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from alerts_parts import Alerts, a_customer
from ingest_api import alerts_app

from holdfast.chaos.parts import Parts
from holdfast.tokens import Issuer, mint
from services.alerts.domain.episode import RULES
from services.alerts.domain.outcome import Outcome
from services.alerts.engine.hits import Hit
from services.alerts.handlers.group_hits import take_effect
from services.alerts.handlers.settle_episodes import settle_due
from shared.database import unit_of_work
from shared.identity import Caller, Role
from tests.unit.alerts.engine_facts import FRIDAY
from tests.unit.alerts.episode_facts import a_hit, called, declined, granted, verified

WEEK = timedelta(days=7)
Headers = Callable[..., dict[str, str]]


async def effects(alerts: Alerts, *taken: Hit | Outcome) -> None:
    async with unit_of_work(alerts.worker) as uow:
        await take_effect(taken, uow)


async def told(alerts: Alerts, customer: int) -> list[str]:
    rows = await alerts.rows(
        "SELECT headers->>'ce_type' FROM outbox WHERE key = $1 ORDER BY id", str(customer)
    )
    return [kind.removeprefix("alerts.").removesuffix(".v1") for (kind,) in rows]


async def episodes(alerts: Alerts, customer: int, columns: str) -> Sequence[tuple[object, ...]]:
    return await alerts.rows(
        f"SELECT {columns} FROM episode WHERE customer_id = $1 ORDER BY opened_at, state",  # noqa: S608 - the test's own words.
        customer,
    )


async def proposal_of(alerts: Alerts, customer: int) -> str:
    [(proposal,)] = await episodes(alerts, customer, "proposal_id")
    return str(proposal)


@pytest.mark.requirement("AL-13")
async def test_hits_of_one_customer_are_one_episode_and_a_repeat_brings_nothing(
    alerts: Alerts,
) -> None:
    customer = a_customer()
    first, second = a_hit("AL-06", customer=customer), a_hit("AL-01", customer=customer)

    await effects(alerts, first)
    await effects(alerts, first, second, first)
    await effects(alerts, second)

    assert await episodes(alerts, customer, "severity, priority, version") == [("major", 68, 2)]
    assert await told(alerts, customer) == [
        "raised",
        "episode_opened",
        "contact_proposed",
        "raised",
        "contact_proposed",
    ]
    causes = await alerts.rows(
        "SELECT count(*) FROM event_link WHERE event_id::text = $1", first.cause_id
    )
    assert causes == [(1,)]


async def test_an_episode_that_ends_makes_room_for_the_next_within_one_slice(
    alerts: Alerts,
) -> None:
    customer = a_customer()
    again = a_hit("AL-28", customer=customer, at=FRIDAY + WEEK)

    await effects(alerts, a_hit(customer=customer), verified("lost", customer=customer), again)

    assert await episodes(alerts, customer, "state, outcome") == [
        ("closed", "lost"),
        ("open", None),
    ]
    assert (await told(alerts, customer)).count("episode_closed") == 1


async def test_a_suppressed_hit_is_a_row_with_its_reason_and_tells_nobody(alerts: Alerts) -> None:
    customer = a_customer()

    await effects(alerts, replace(a_hit(customer=customer), suppressed=True))

    rows = await alerts.rows(
        "SELECT rule, reason FROM suppression WHERE customer_id = $1", customer
    )
    assert rows == [("AL-01", "cool_down")]
    assert await told(alerts, customer) == []


async def test_a_declined_contact_is_proposed_once_more_at_its_time(alerts: Alerts) -> None:
    customer = a_customer()
    await effects(alerts, a_hit(customer=customer))
    proposal = await proposal_of(alerts, customer)
    await effects(alerts, declined(proposal, again_at=FRIDAY + WEEK, customer=customer))

    assert await _settled(alerts, FRIDAY + WEEK - timedelta(seconds=1)) == 0
    assert await _settled(alerts, FRIDAY + WEEK) == 1
    assert await _settled(alerts, FRIDAY + WEEK) == 0

    assert await episodes(alerts, customer, "proposal_id, attempt, again_at") == [
        (proposal, 2, None)
    ]
    asked = await alerts.rows(
        "SELECT headers->>'ce_time' FROM outbox WHERE key = $1 ORDER BY id DESC LIMIT 1",
        str(customer),
    )
    assert asked == [((FRIDAY + WEEK).isoformat().replace("+00:00", "Z"),)]


async def test_a_call_without_agreement_ends_the_episode_an_hour_later(alerts: Alerts) -> None:
    customer = a_customer()
    at = FRIDAY + 2 * WEEK
    await effects(alerts, a_hit(customer=customer))
    await effects(alerts, granted(await proposal_of(alerts, customer), customer=customer))
    await effects(alerts, called(reached=True, customer=customer, at=at))

    await _settled(alerts, at + timedelta(hours=1))

    assert await episodes(alerts, customer, "outcome, closed_at, answer") == [
        ("refused", at + timedelta(hours=1), "granted")
    ]
    assert (await told(alerts, customer))[-1] == "episode_closed"


async def test_a_late_poller_asks_again_and_then_ends_as_one_in_time(alerts: Alerts) -> None:
    customer = a_customer()
    again_at, called_at = FRIDAY + 3 * WEEK, FRIDAY + 4 * WEEK
    await effects(alerts, a_hit(customer=customer))
    proposal = await proposal_of(alerts, customer)
    await effects(alerts, declined(proposal, again_at=again_at, customer=customer))
    await effects(alerts, called(reached=True, customer=customer, at=called_at))

    assert await _settled(alerts, called_at + WEEK) == 1
    assert (await told(alerts, customer))[-1] == "contact_proposed"
    assert await _settled(alerts, called_at + WEEK) == 1
    assert await _settled(alerts, called_at + WEEK) == 0

    assert await episodes(alerts, customer, "attempt, outcome, closed_at") == [
        (2, "refused", called_at + timedelta(hours=1))
    ]


async def _settled(alerts: Alerts, now: object) -> int:
    async with unit_of_work(alerts.worker) as uow:
        return await settle_due(now, uow)  # pyright: ignore[reportArgumentType] - a datetime.


@pytest.mark.requirement("AL-03")
async def test_the_shipped_rules_mean_in_the_table_what_they_mean_in_the_code(
    alerts: Alerts,
) -> None:
    rows = await alerts.rows("SELECT code, severity, reason FROM rule")

    assert {code: (severity, reason) for code, severity, reason in rows} == {
        code: (rule.severity, rule.reason) for code, rule in RULES.items()
    }


@pytest.fixture(scope="module")
async def web(
    alerts: Alerts, alerts_issuer: Issuer, doorway_servers: Parts
) -> AsyncGenerator[httpx2.AsyncClient]:
    app = alerts_app(alerts, alerts_issuer, doorway_servers.broker.address)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://alerts") as client,
    ):
        yield client


@pytest.fixture
def as_manager(alerts_issuer: Issuer) -> Headers:
    def headers(county: str = "990101", role: Role = Role.MANAGER) -> dict[str, str]:
        caller = Caller("manager-01", "王", frozenset({role}), county)
        return {"Authorization": f"Bearer {mint(alerts_issuer, caller)}"}

    return headers


@pytest.mark.requirement("AL-27")
async def test_an_episode_is_shown_with_its_evidence_to_its_own_county_alone(
    alerts: Alerts, web: httpx2.AsyncClient, as_manager: Headers
) -> None:
    customer = a_customer()
    at = FRIDAY + timedelta(hours=3)
    late = replace(a_hit(customer=customer, at=at), suppressed=True)
    await effects(alerts, a_hit(customer=customer), late)
    asked = {"customer_id": str(customer)}

    [shown] = (await web.get("/v1/episodes", params=asked, headers=as_manager())).json()["items"]
    path = f"/v1/episodes/{shown['episode_id']}"
    whole = (await web.get(path, headers=as_manager())).json()

    assert (shown["rules"], shown["state"], shown["answer"]) == (["AL-01"], "open", None)
    assert whole["episode"] == shown
    [hit] = whole["hits"]
    assert (hit["evidence"]["value"], hit["evidence"]["records"]) == (6_000, ['{"bill_id": "B1"}'])
    assert [row["reason"] for row in whole["suppressions"]] == ["cool_down"]
    elsewhere = as_manager("990102")
    assert (await web.get(path, headers=elsewhere)).status_code == 404
    others = await web.get("/v1/episodes", params=asked, headers=elsewhere)
    assert others.json()["items"] == []
    assert (await web.get(path, headers=as_manager(role=Role.BOSS))).status_code == 403


async def test_episodes_come_in_pages_and_by_what_is_asked(
    alerts: Alerts, web: httpx2.AsyncClient, as_manager: Headers
) -> None:
    begin = FRIDAY + timedelta(days=30, seconds=secrets.randbelow(1_000))
    hits = [
        a_hit("AL-28", customer=a_customer(), at=begin + timedelta(minutes=n)) for n in range(5)
    ]
    await effects(alerts, *hits)
    asked = {"opened_from": begin.isoformat(), "rule": "AL-28", "state": "open", "limit": "2"}
    customers: list[int] = []
    cursor: str | None = None
    for _ in range(3):
        params = asked | ({"cursor": cursor} if cursor else {})
        page = (await web.get("/v1/episodes", params=params, headers=as_manager())).json()
        customers += [int(item["customer_id"]) for item in page["items"]]
        cursor = page["next_cursor"]

    assert customers == [hit.customer_id for hit in reversed(hits)]
    assert cursor is None
    none = await web.get("/v1/episodes", params=asked | {"rule": "AL-02"}, headers=as_manager())
    assert none.json()["items"] == []


@pytest.mark.requirement("AL-03")
async def test_rules_and_figures_are_there_to_read(
    alerts: Alerts, web: httpx2.AsyncClient, as_manager: Headers
) -> None:
    await effects(alerts, a_hit("AL-02", customer=a_customer()))

    listed = (await web.get("/v1/rules", headers=as_manager())).json()["items"]
    figures = (await web.get("/v1/figures", headers=as_manager())).json()

    assert [rule["code"] for rule in listed] == ["AL-01", "AL-02", "AL-04", "AL-06", "AL-28"]
    assert listed[0]["parameters"]["plunge_percent"] == 30
    of_rule = {rule["rule"]: rule["episodes"] for rule in figures["rules"]}
    assert of_rule["AL-02"] >= 1
    assert of_rule["AL-04"] == 0
    assert {"state": "open", "outcome": ""}.items() <= figures["states"][-1].items()
