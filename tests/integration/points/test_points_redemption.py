"""Redemptions and reversals through the HTTP API, on real rows, by callers who compete."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from ledger_parts import Ledger, a_profile, opening_lots

from shared.identity import Role

AsRole = Callable[..., dict[str, str]]
Answer = dict[str, Any]


def redemptions(customer: int) -> str:
    return f"/v1/customers/{customer}/redemptions"


def asked(points: int) -> Answer:
    return {"points": points, "family": "service", "item": "airport-lounge"}


async def spent_of(ledger: Ledger, customer: int) -> list[tuple[int, int, int]]:
    rows = await ledger.rows(
        "SELECT cohort, granted, spent FROM lot WHERE customer_id = $1 ORDER BY cohort", customer
    )
    return [tuple(row) for row in rows]


async def two_lots(ledger: Ledger, customer: int) -> None:
    await ledger.profile(a_profile(customer))
    await ledger.openings(
        [
            opening_lots(customer, cohort=2025, granted=100, spent=0),
            opening_lots(customer, cohort=2024, granted=50, spent=0),
        ]
    )


@pytest.mark.requirement("PT-18")
async def test_the_lot_that_clears_first_pays_first(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await two_lots(ledger, customer)
    answer = await client.post(redemptions(customer), json=asked(70), headers=as_role())
    assert answer.status_code == 201
    body = answer.json()
    assert body["paid_by"] == [{"cohort": 2024, "points": 50}, {"cohort": 2025, "points": 20}]
    assert (body["value_fen"], body["redeemed_by"]) == (140, "wang")
    assert answer.headers["etag"] == '"1"'
    assert await spent_of(ledger, customer) == [(2024, 50, 50), (2025, 100, 20)]
    found = await client.get(f"{redemptions(customer)}/{body['redemption_id']}", headers=as_role())
    assert found.json() == body
    assert found.headers["etag"] == '"1"'


@pytest.mark.requirement("PT-18")
async def test_too_few_points_are_refused_with_what_there_is(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=99)
    answer = await client.post(redemptions(customer), json=asked(100), headers=as_role())
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["available"]) == ("not-enough-points", 99)
    assert await spent_of(ledger, customer) == [(2025, 99, 0)]


@pytest.mark.requirement("PT-18")
async def test_two_hundred_redemptions_at_once_never_overdraw_and_repeat_nothing(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    """Each of 100 acts is sent twice; 1,000 points pay for 33 of 30 points."""
    await ledger.member(customer, points=1_000)
    acts = [as_role(key=f"{customer}-{n}") for n in range(100)] * 2

    async def redeem(act: dict[str, str]) -> httpx2.Response:
        answer = await client.post(redemptions(customer), json=asked(30), headers=act)
        # Overloaded: come again, as the answer says; the key makes that safe.
        return answer if answer.status_code != 503 else await redeem(act)

    answers = await asyncio.gather(*map(redeem, acts))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {201, 409}
    codes = {a.json()["code"] for a in answers if a.status_code == 409}
    assert codes <= {"not-enough-points", "in-flight"}
    done = {a.json()["redemption_id"] for a in answers if a.status_code == 201}
    assert len(done) == 33
    assert await spent_of(ledger, customer) == [(2025, 1_000, 990)]
    (row,) = await ledger.rows(
        "SELECT count(*), sum(amount) FROM entry WHERE customer_id = $1 AND kind = 'spend'",
        customer,
    )
    assert tuple(row) == (33, 990)


async def test_the_same_act_sent_again_is_answered_and_not_done(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100)
    act = as_role()
    first = await client.post(redemptions(customer), json=asked(40), headers=act)
    again = await client.post(redemptions(customer), json=asked(40), headers=act)
    other = await client.post(redemptions(customer), json=asked(41), headers=act)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await spent_of(ledger, customer) == [(2025, 100, 40)]


async def test_a_key_used_again_after_it_was_forgotten_spends_nothing(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    """The doorway keeps keys for a day; the ledger's own ids keep them for ever."""
    await ledger.member(customer, points=100)
    act = as_role()
    await client.post(redemptions(customer), json=asked(40), headers=act)
    async with ledger.connected("superuser") as root:
        await root.execute("DELETE FROM idempotency WHERE key = $1", act["Idempotency-Key"])
    again = await client.post(redemptions(customer), json=asked(40), headers=act)
    assert (again.status_code, again.json()["code"]) == (409, "already-done")
    assert await spent_of(ledger, customer) == [(2025, 100, 40)]


async def redeemed(
    client: httpx2.AsyncClient, as_role: AsRole, customer: int, points: int
) -> tuple[str, str]:
    answer = await client.post(redemptions(customer), json=asked(points), headers=as_role())
    assert answer.status_code == 201
    path = f"{redemptions(customer)}/{answer.json()['redemption_id']}/reversals"
    return path, answer.headers["etag"]


@pytest.mark.requirement("PT-18")
async def test_a_reversal_returns_points_to_the_lots_that_paid(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await two_lots(ledger, customer)
    path, etag = await redeemed(client, as_role, customer, 70)
    part = await client.post(path, json={"points": 30}, headers=as_role(etag=etag))
    assert part.status_code == 201
    assert part.json()["returned_to"] == [
        {"cohort": 2025, "points": 20},
        {"cohort": 2024, "points": 10},
    ]
    assert part.json()["redemption"]["reversed"] == 30
    assert await spent_of(ledger, customer) == [(2024, 50, 40), (2025, 100, 0)]
    rest = await client.post(path, json={}, headers=as_role(etag=part.headers["etag"]))
    assert rest.json()["returned_to"] == [{"cohort": 2024, "points": 40}]
    assert await spent_of(ledger, customer) == [(2024, 50, 0), (2025, 100, 0)]


async def test_nothing_is_reversed_twice(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100)
    path, etag = await redeemed(client, as_role, customer, 60)
    act = as_role(etag=etag)
    first = await client.post(path, json={}, headers=act)
    again = await client.post(path, json={}, headers=act)
    assert (again.status_code, again.json()) == (201, first.json())
    more = await client.post(path, json={}, headers=as_role(etag=first.headers["etag"]))
    assert (more.status_code, more.json()["code"]) == (409, "nothing-to-reverse")
    assert await spent_of(ledger, customer) == [(2025, 100, 0)]


async def test_of_two_who_reverse_at_once_one_reads_again(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100)
    path, etag = await redeemed(client, as_role, customer, 60)
    answers = await asyncio.gather(
        *(client.post(path, json={"points": 20}, headers=as_role(etag=etag)) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    assert await spent_of(ledger, customer) == [(2025, 100, 40)]
    blind = await client.post(path, json={"points": 20}, headers=as_role())
    assert blind.status_code == 428


async def test_what_was_spent_and_reversed_is_told_with_the_lots_version(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100)
    path, etag = await redeemed(client, as_role, customer, 60)
    await client.post(path, json={"points": 10}, headers=as_role(etag=etag))
    told = await ledger.rows(
        """
        SELECT headers->>'ce_type' AS type, (headers->>'ce_sequence')::int AS version,
            convert_from(value, 'UTF8')::jsonb->>'available' AS available, l.cause_type
        FROM outbox JOIN event_link l USING (event_id) WHERE key = $1 ORDER BY outbox.id
        """,
        str(customer),
    )
    assert [tuple(row) for row in told] == [
        ("points.granted.v1", 1, "100", "billing.lots_opened.v1"),
        ("points.spent.v1", 2, "40", "request.redeem_points"),
        ("points.reversed.v1", 3, "50", "request.reverse_redemption"),
    ]


@pytest.mark.requirement("PT-18")
async def test_a_balance_names_its_lots_and_when_they_clear(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await two_lots(ledger, customer)
    answer = await client.get(f"/v1/customers/{customer}/balance", headers=as_role())
    body = answer.json()
    assert (body["available"], body["pending"], body["held"]) == (150, 0, 0)
    assert body["value_fen"] == 300
    assert [(lot["cohort"], lot["clears_on"], lot["available"]) for lot in body["lots"]] == [
        (2024, "2025-04-30", 50),
        (2025, "2026-04-30", 100),
    ]


@pytest.mark.requirement("PT-18")
async def test_a_statement_is_paged_newest_first_without_gap_or_repeat(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100)
    for _ in range(4):
        await redeemed(client, as_role, customer, 5)
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while query:
        page = await client.get(
            f"/v1/customers/{customer}/statement", params=query, headers=as_role()
        )
        assert page.status_code == 200
        seen += [entry["lot_version"] for entry in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        query = {"limit": 2, "cursor": cursor} if cursor else {}
    assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("operation", ["balance", "statement"])
async def test_another_countys_customer_is_not_there(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int, *, operation: str
) -> None:
    await ledger.member(customer, points=100, county="990101")
    path = f"/v1/customers/{customer}/{operation}"
    assert (await client.get(path, headers=as_role())).status_code == 200
    elsewhere = await client.get(path, headers=as_role(organisation="990102001"))
    nobody = await client.get(f"/v1/customers/5/{operation}", headers=as_role())
    assert elsewhere.status_code == nobody.status_code == 404
    assert elsewhere.json()["code"] == nobody.json()["code"]


async def test_another_countys_points_are_neither_spent_nor_returned(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100, county="990101")
    path, etag = await redeemed(client, as_role, customer, 60)
    there = "990102001"
    spend = await client.post(
        redemptions(customer), json=asked(1), headers=as_role(organisation=there)
    )
    back = await client.post(path, json={}, headers=as_role(organisation=there, etag=etag))
    assert (spend.status_code, back.status_code) == (404, 404)
    assert await spent_of(ledger, customer) == [(2025, 100, 60)]


@pytest.mark.parametrize(
    ("role", "organisation", "status"),
    [
        (Role.POINTS_OPERATOR, "99", 201),
        (Role.MANAGER, "990101", 201),
        (Role.AUDITOR, "99", 403),
        (Role.MEDIATION, "99", 403),
    ],
)
async def test_roles_decide_who_may_redeem(
    ledger: Ledger,
    client: httpx2.AsyncClient,
    as_role: AsRole,
    customer: int,
    *,
    role: Role,
    organisation: str,
    status: int,
) -> None:
    await ledger.member(customer, points=100)
    answer = await client.post(
        redemptions(customer), json=asked(1), headers=as_role(role, organisation)
    )
    assert answer.status_code == status


async def test_without_a_token_nothing_is_told(client: httpx2.AsyncClient, customer: int) -> None:
    assert (await client.get(f"/v1/customers/{customer}/balance")).status_code == 401


@pytest.mark.parametrize("sent", ["0", "-5", "9223372036854775808", "07", "1e3", "%20"])
async def test_what_is_no_customer_id_is_refused(
    client: httpx2.AsyncClient, as_role: AsRole, sent: str
) -> None:
    answer = await client.get(f"/v1/customers/{sent}/balance", headers=as_role())
    assert answer.status_code in {404, 422}


@pytest.mark.parametrize(
    "body",
    [
        {"points": 0, "family": "service", "item": "x"},
        {"points": -1, "family": "service", "item": "x"},
        {"points": "5", "family": "service", "item": "x"},
        {"points": 5, "family": "cash", "item": "x"},
        {"points": 5, "family": "service", "item": "13812345678 张三"},
        {"points": 5, "family": "service", "item": "x", "tier": "diamond"},
    ],
)
async def test_a_malformed_redemption_is_refused_and_spends_nothing(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int, *, body: Answer
) -> None:
    await ledger.member(customer, points=100)
    answer = await client.post(redemptions(customer), json=body, headers=as_role())
    assert answer.status_code == 422
    assert await spent_of(ledger, customer) == [(2025, 100, 0)]


async def test_redemptions_and_bills_of_one_member_do_not_disturb_each_other(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=1_000)

    async def bills() -> None:
        for n in range(20):
            await ledger.openings(
                [opening_lots(customer, cohort=2026 + n % 3, granted=10, spent=0)]
            )

    answers, _ = await asyncio.gather(
        asyncio.gather(
            *(
                client.post(redemptions(customer), json=asked(10), headers=as_role())
                for _ in range(40)
            )
        ),
        bills(),
    )
    assert {answer.status_code for answer in answers} == {201}
    assert (await spent_of(ledger, customer))[0] == (2025, 1_000, 400)


async def test_an_unknown_redemption_is_not_there(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=1)
    path = f"{redemptions(customer)}/{uuid4()}"
    assert (await client.get(path, headers=as_role())).status_code == 404
    back = await client.post(f"{path}/reversals", json={}, headers=as_role(etag='"1"'))
    assert back.status_code == 404


async def test_the_web_role_can_neither_grant_nor_erase(ledger: Ledger) -> None:
    """What the API's credentials cannot do is not left to the API's good will."""
    customer = secrets.randbelow(2**62) + 1
    await ledger.member(customer, points=100)
    async with ledger.connected("web") as web:
        await web.execute("SELECT set_config('holdfast.organisation', '99', false)")
        for forbidden in (
            "UPDATE lot SET granted = 1000000",
            "DELETE FROM entry",
            "UPDATE entry SET amount = 1",
            "UPDATE redemption SET points = 1",
            "INSERT INTO lot SELECT 1, 'standard', 2026, '2027-04-30', 1",
        ):
            with pytest.raises(Exception, match="permission denied"):
                await web.execute(forbidden)
