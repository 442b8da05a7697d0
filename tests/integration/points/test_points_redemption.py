"""Redemptions through the HTTP API, on real rows, by callers who compete."""

import asyncio
from typing import Any

import httpx2
import pytest
from ledger_parts import (
    AsRole,
    Ledger,
    asked,
    opening_lots,
    redemptions,
)

from services.points.domain.redemption import Family


@pytest.mark.requirement("PT-18")
async def test_the_lot_that_clears_first_pays_first(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.two_lots(customer)
    answer = await client.post(redemptions(customer), json=asked(70), headers=as_role())
    assert answer.status_code == 201
    body = answer.json()
    assert body["paid_by"] == [{"cohort": 2024, "points": 50}, {"cohort": 2025, "points": 20}]
    assert (body["value_fen"], body["redeemed_by"]) == (140, "wang")
    assert answer.headers["etag"] == '"1"'
    assert await ledger.spent(customer) == [(2024, 50, 50), (2025, 100, 20)]
    found = await client.get(f"{redemptions(customer)}/{body['redemption_id']}", headers=as_role())
    assert found.json() == body
    assert found.headers["etag"] == '"1"'


@pytest.mark.requirement("PT-02", "PT-03", "PT-04")
@pytest.mark.parametrize("family", Family)
async def test_services_products_and_merchants_are_settled_from_accounts_of_their_own(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int, *, family: Family
) -> None:
    await ledger.member(customer, points=50)
    wish = {**asked(50), "family": family}
    answer = await client.post(redemptions(customer), json=wish, headers=as_role())
    assert (answer.status_code, answer.json()["family"]) == (201, family)
    paid = "SELECT credit FROM entry WHERE customer_id = $1 AND kind = 'spend'"
    assert await ledger.rows(paid, customer) == [(f"redeemed-{family}",)]


@pytest.mark.requirement("PT-18")
async def test_too_few_points_are_refused_with_what_there_is(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=99)
    answer = await client.post(redemptions(customer), json=asked(100), headers=as_role())
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["available"]) == ("not-enough-points", 99)
    assert await ledger.spent(customer) == [(2025, 99, 0)]


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
    assert await ledger.spent(customer) == [(2025, 1_000, 990)]
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
    assert await ledger.spent(customer) == [(2025, 100, 40)]


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
    assert await ledger.spent(customer) == [(2025, 100, 40)]


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
    ledger: Ledger,
    client: httpx2.AsyncClient,
    as_role: AsRole,
    customer: int,
    *,
    body: dict[str, Any],
) -> None:
    await ledger.member(customer, points=100)
    answer = await client.post(redemptions(customer), json=body, headers=as_role())
    assert answer.status_code == 422
    assert await ledger.spent(customer) == [(2025, 100, 0)]


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
    assert (await ledger.spent(customer))[0] == (2025, 1_000, 400)
