"""What was redeemed comes back, once, to the lots that paid."""

import asyncio

import httpx2
import pytest
from ledger_parts import (
    AsRole,
    Ledger,
    redeemed,
)


@pytest.mark.requirement("PT-18")
async def test_a_reversal_returns_points_to_the_lots_that_paid(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.two_lots(customer)
    path, etag = await redeemed(client, as_role, customer, 70)
    part = await client.post(path, json={"points": 30}, headers=as_role(etag=etag))
    assert part.status_code == 201
    assert part.json()["returned_to"] == [
        {"cohort": 2025, "points": 20},
        {"cohort": 2024, "points": 10},
    ]
    assert part.json()["redemption"]["reversed"] == 30
    assert await ledger.spent(customer) == [(2024, 50, 40), (2025, 100, 0)]
    rest = await client.post(path, json={}, headers=as_role(etag=part.headers["etag"]))
    assert rest.json()["returned_to"] == [{"cohort": 2024, "points": 40}]
    assert await ledger.spent(customer) == [(2024, 50, 0), (2025, 100, 0)]


@pytest.mark.requirement("PT-18")
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
    assert await ledger.spent(customer) == [(2025, 100, 0)]


async def test_of_two_who_reverse_at_once_one_reads_again(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.member(customer, points=100)
    path, etag = await redeemed(client, as_role, customer, 60)
    answers = await asyncio.gather(
        *(client.post(path, json={"points": 20}, headers=as_role(etag=etag)) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    assert await ledger.spent(customer) == [(2025, 100, 40)]
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
