"""Keys from an address, and tokens from the command line."""

import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastapi import FastAPI
from openapi_fuzz import served
from starlette.responses import RedirectResponse, Response

from holdfast.tokens import ISSUER, Issuer
from shared.identity import Caller, Role, TokenVerifier
from shared.jwks import JwksFile, JwksUrl


@dataclass
class Provider:
    """An identity provider that may change its mind about what it answers."""

    url: str = ""
    answer: Response = field(default_factory=Response)


@pytest.fixture
def provider(issuer: Issuer) -> Generator[Provider]:
    made = Provider(answer=Response(issuer.jwks.read_bytes()))

    async def keys() -> Response:
        return made.answer

    def app() -> FastAPI:
        application = FastAPI()
        application.add_api_route("/jwks.json", keys)
        application.add_api_route("/moved.json", lambda: Response(issuer.jwks.read_bytes()))
        return application

    with served(app) as url:
        made.url = f"{url}/jwks.json"
        yield made


async def test_keys_are_fetched_and_the_last_good_ones_kept(
    provider: Provider, issuer: Issuer
) -> None:
    source = JwksUrl(provider.url)
    assert not source.keys()
    await source.fetch()
    assert set(source.keys()) == {issuer.kid}
    for broken in (
        Response("{", 200),
        Response('{"keys": []}', 200),
        Response(issuer.jwks.read_bytes() + b" " * 70_000, 200),
        Response(status_code=500),
    ):
        provider.answer = broken
        await source.fetch()
        assert set(source.keys()) == {issuer.kid}


async def test_a_redirect_is_not_followed(provider: Provider) -> None:
    provider.answer = RedirectResponse("/moved.json")
    source = JwksUrl(provider.url)
    await source.fetch()
    assert not source.keys()


def _token(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "holdfast", "token", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_mints_a_token_of_the_stack(issuer: Issuer) -> None:
    home = str(issuer.jwks.parent)
    minted = _token("points_operator", "990101", "--subject", "wang", "--home", home)
    verifier = TokenVerifier(JwksFile(issuer.jwks), issuer=ISSUER)
    expected = Caller("wang", "wang", frozenset({Role.POINTS_OPERATOR}), "990101")
    assert verifier.verify(minted.stdout.strip()) == expected


def test_without_a_stack_the_command_says_what_to_type(tmp_path: Path) -> None:
    refused = _token("points_operator", "990101", "--home", str(tmp_path))
    assert refused.returncode == 1
    assert "holdfast up" in refused.stderr


def test_an_organisation_that_is_no_code_is_refused(issuer: Issuer) -> None:
    refused = _token("points_operator", "9901012", "--home", str(issuer.jwks.parent))
    assert refused.returncode != 0
    assert "2, 4, 6 or 9 digits" in refused.stderr
