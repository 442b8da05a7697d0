"""The programme in figures, of the customers that the caller may see."""

import httpx2
import pytest
from ledger_parts import AsRole, Ledger, redeemed
from reminder_parts import FIRST, members, remind

from shared.identity import Role


async def figures(client: httpx2.AsyncClient, headers: dict[str, str]) -> dict[str, object]:
    answer = await client.get("/v1/figures", headers=headers)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.requirement("PT-17")
@pytest.mark.requirement("PT-18")
async def test_figures_say_what_was_granted_spent_and_reminded_of(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole
) -> None:
    await members(ledger, 1, 2)
    path, etag = await redeemed(client, as_role, 1, 100)
    await client.post(path, json={"points": 50}, headers=as_role(etag=etag))
    await remind(ledger, FIRST)
    sums = {"entries": 4, "granted": 8_000, "spent": 50, "available": 7_950}
    assert await figures(client, as_role(Role.RETENTION_OWNER, "990101")) == {
        "members": 2,
        **sums,
        "cohorts": [
            {
                "programme": "standard",
                "cohort": 2025,
                "clears_on": "2026-04-30",
                "lots": 2,
                **sums,
                "expired": 0,
                "held": 0,
            }
        ],
        "redeemed": {"redemptions": 1, "points": 100, "reversals": 1, "reversed": 50},
        "reminders": [
            {"days": 60, "state": "planned", "reminders": 1},
            {"days": 60, "state": "proposed", "reminders": 1},
        ],
    }


async def test_a_county_sees_its_own_figures_only(
    ledger: Ledger, client: httpx2.AsyncClient, as_role: AsRole
) -> None:
    await ledger.member(11, points=700, county="990102")
    await ledger.member(12, points=9_000, county="990103")
    await remind(ledger, FIRST)
    county = await figures(client, as_role(Role.RETENTION_OWNER, "990102"))
    assert (county["members"], county["granted"], county["available"]) == (1, 700, 700)
    assert county["redeemed"] == {"redemptions": 0, "points": 0, "reversals": 0, "reversed": 0}
    assert county["reminders"] == [{"days": 60, "state": "no_channel", "reminders": 1}]
    refused = await client.get("/v1/figures", headers=as_role(Role.STORE_CLERK, "990102001"))
    assert refused.status_code == 403
