"""Every operation of callcenter with whatever its document allows and does not."""

from collections.abc import Generator

import httpx2
import pytest
from contact_parts import Centre, a_plunge, a_profile
from openapi_fuzz import served, violations

from holdfast.tokens import ISSUER, Issuer, mint
from holdfast.web_process import create_apps
from shared.identity import Caller, Role

EXAMPLES = 3  # of some twenty operations in two modes, each also about what exists


@pytest.fixture(scope="module")
def callcenter_url(centre: Centre, issuer: Issuer) -> Generator[str]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOLDFAST_CALLCENTER_WEB_DATABASE_URL", centre.urls["web"])
        environment.setenv("HOLDFAST_JWKS_FILE", str(issuer.jwks))
        environment.setenv("HOLDFAST_ISSUER", ISSUER)
        environment.setenv("HOLDFAST_SESSION_KEY", "k" * 64)
        environment.setenv("HOLDFAST_PUBLIC_URL", "http://127.0.0.1")
        with served(lambda: create_apps(["callcenter"])["callcenter"]) as url:
            yield url


def headers_of(issuer: Issuer) -> dict[str, str]:
    """One caller who may do everything everywhere."""
    caller = Caller("manager-01", "fuzz", frozenset(Role), "99")
    return {"Authorization": f"Bearer {mint(issuer, caller)}"}


@pytest.fixture
async def known(
    centre: Centre, callcenter_url: str, issuer: Issuer, customer: int
) -> dict[str, str]:
    """A customer with a task in a manager's hand, a proposal and an agreement."""
    proposed = a_plunge(customer)
    await centre.handle(a_profile(customer), proposed)
    headers = headers_of(issuer)
    async with httpx2.AsyncClient(base_url=callcenter_url, timeout=10) as client:
        sale = {"disposition": 7, "result": "agreed", "order_type": "broadband", "offer": "x"}
        path = f"/v1/customers/{customer}/inbound"
        sold = await client.post(path, json=sale, headers=headers | {"Idempotency-Key": "known"})
    task = await centre.task_of(customer)
    await centre.rows(
        """UPDATE task SET state = 'open', holder = 'manager-01', accepted_at = now(),
           held_until = now() + interval '1 h' WHERE task_id = $1""",
        task["task_id"],
    )
    return {
        "customer_id": str(customer),
        "task_id": str(task["task_id"]),
        "proposal_id": proposed.proposal_id,
        "agreement_id": sold.json()["agreement_id"],
    }


def test_openapi_callcenter_answers_as_documented(
    callcenter_url: str, issuer: Issuer, known: dict[str, str]
) -> None:
    found = violations(callcenter_url, headers=headers_of(issuer), known=known, examples=EXAMPLES)

    assert not found
