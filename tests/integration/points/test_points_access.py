"""Who may see and do what, by policy, by row-level security and by grant."""

import secrets
from uuid import uuid4

import httpx2
import pytest
from ledger_parts import (
    AsRole,
    Ledger,
    asked,
    redeemed,
    redemptions,
)

from shared.identity import Role


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


@pytest.mark.requirement("XC-01")
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
    assert await ledger.spent(customer) == [(2025, 100, 60)]


@pytest.mark.requirement("XC-01")
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
