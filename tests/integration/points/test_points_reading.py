"""Balance and statement, as a clerk reads them to a member."""

from typing import Any

import httpx2
import pytest
from ledger_parts import (
    AsRole,
    Ledger,
    redeemed,
)


@pytest.mark.requirement("PT-18")
async def test_a_balance_names_its_lots_and_when_they_clear(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole, customer: int
) -> None:
    await ledger.two_lots(customer)
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
