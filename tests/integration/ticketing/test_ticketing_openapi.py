"""Every operation of ticketing with whatever its document allows and does not."""

from collections.abc import Generator
from uuid import UUID

import pytest
from openapi_fuzz import served, violations
from order_parts import Ticketing
from ticketing_facts import a_customer, an_agreement

from holdfast.tokens import ISSUER, Issuer, mint
from holdfast.web_process import create_apps
from shared.identity import Caller, Role

EXAMPLES = 3  # of eighteen operations in two modes, each also about an order that exists


@pytest.fixture(scope="module")
async def order_id(ticketing: Ticketing) -> UUID:
    return await ticketing.dispatched(an_agreement(a_customer()))


@pytest.fixture(scope="module")
def ticketing_url(ticketing: Ticketing, ticketing_issuer: Issuer) -> Generator[str]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOLDFAST_TICKETING_WEB_DATABASE_URL", ticketing.urls["web"])
        environment.setenv("HOLDFAST_JWKS_FILE", str(ticketing_issuer.jwks))
        environment.setenv("HOLDFAST_ISSUER", ISSUER)
        environment.setenv("HOLDFAST_SESSION_KEY", "k" * 64)
        environment.setenv("HOLDFAST_PUBLIC_URL", "http://127.0.0.1")
        with served(lambda: create_apps(["ticketing"])["ticketing"]) as url:
            yield url


def test_openapi_ticketing_answers_as_documented(
    ticketing_url: str, ticketing_issuer: Issuer, order_id: UUID
) -> None:
    roles = frozenset({Role.COUNTY_CLERK, Role.DISPATCHER, Role.AUDITOR})
    token = mint(ticketing_issuer, Caller("fuzz", "fuzz", roles, "99"))
    headers = {"Authorization": f"Bearer {token}"}

    known = {"order_id": str(order_id)}
    assert not violations(ticketing_url, headers=headers, known=known, examples=EXAMPLES)
