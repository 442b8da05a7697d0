"""Every operation of alerts, with whatever its document allows and does not: nothing surprises."""

import asyncio
from collections.abc import Generator

import httpx2
import pytest
from alerts_parts import HASHER, Alerts, a_number
from doorway_parts import PATIENCE_SECONDS
from ingest_api import a_call
from openapi_fuzz import served, violations

from holdfast.chaos.parts import Parts
from holdfast.stack.process import wait_until
from holdfast.tokens import ISSUER, Issuer, mint
from holdfast.web_process import create_apps
from shared.identity import Caller, Role

EXAMPLES = 4  # of a dozen operations in two modes
# Ingest is mediation's; what came of it is shown to an auditor.
CALLER = Caller("fuzz", "fuzz", frozenset({Role.MEDIATION, Role.AUDITOR}), "99")


@pytest.fixture(scope="module")
def headers(alerts_issuer: Issuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(alerts_issuer, CALLER)}"}


@pytest.fixture(scope="module")
def alerts_url(
    alerts: Alerts, alerts_issuer: Issuer, doorway_servers: Parts, headers: dict[str, str]
) -> Generator[str]:
    asyncio.run(alerts.folded())
    settings = {
        "HOLDFAST_ALERTS_WEB_DATABASE_URL": alerts.urls["web"],
        "HOLDFAST_JWKS_FILE": str(alerts_issuer.jwks),
        "HOLDFAST_ISSUER": ISSUER,
        "HOLDFAST_SESSION_KEY": "k" * 64,
        "HOLDFAST_PUBLIC_URL": "http://127.0.0.1",
        "HOLDFAST_KAFKA": doorway_servers.broker.address,
        "HOLDFAST_IDENTITY_KEY": HASHER.key.hex(),
        "HOLDFAST_IDENTITY_KEY_ID": HASHER.key_id,
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(name, value)
        yield from _serving(headers)


def _serving(headers: dict[str, str]) -> Generator[str]:
    """The app of the wiring, with a source, once it takes usage."""
    with served(lambda: create_apps(["alerts"])["alerts"]) as url:
        key = {**headers, "Idempotency-Key": "fuzz"}
        source = httpx2.post(f"{url}/v1/sources", json={"source": "mediation"}, headers=key)
        assert source.status_code == 200
        assert wait_until(lambda: _takes(url, headers), PATIENCE_SECONDS)
        yield url


def _takes(url: str, headers: dict[str, str]) -> bool:
    body = {"source": "mediation", "batch_id": "first", "records": [a_call(a_number())]}
    return httpx2.post(f"{url}/v1/usage", json=body, headers=headers).status_code != 503


def test_openapi_alerts_answer_as_documented(alerts_url: str, headers: dict[str, str]) -> None:
    assert not violations(alerts_url, headers=headers, known={}, examples=EXAMPLES)
