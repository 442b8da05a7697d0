"""The way in without a browser: what a crafted link, a lost cookie or a lost provider get."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI, Request
from openapi_fuzz import served

from holdfast.ready_users import ready_users, write_ready_users
from holdfast.web_process import create_apps
from shared.web.pages.navigation import NAVIGATION
from shared.web.pages.static_files import IMMUTABLE, static_url

ORIGIN = "http://home"
FAILED = "/login?failed=true"


@pytest.fixture(scope="module")
def provider() -> Generator[str]:
    """A provider that describes itself and refuses every code."""

    async def describe(request: Request) -> dict[str, Any]:
        issuer = str(request.base_url).rstrip("/")
        ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return {"issuer": issuer, **{end: f"{issuer}/{end}" for end in ends}}

    def app() -> FastAPI:
        made = FastAPI()
        made.add_api_route("/.well-known/openid-configuration", describe)
        made.add_api_route(
            "/token_endpoint", lambda: {"error": "invalid_grant"}, methods=["POST"], status_code=400
        )
        return made

    with served(app) as url:
        yield url


@pytest.fixture
async def home(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[httpx2.AsyncClient]:
    write_ready_users(tmp_path / "users.json")
    monkeypatch.setenv("HOLDFAST_OIDC_ISSUER", provider)
    monkeypatch.setenv("HOLDFAST_READY_USERS", str(tmp_path / "users.json"))
    async with _client(monkeypatch) as client:
        yield client


def _client(monkeypatch: pytest.MonkeyPatch) -> httpx2.AsyncClient:
    for name in ("SESSION_KEY", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        monkeypatch.setenv(f"HOLDFAST_{name}", "k" * 64)
    monkeypatch.setenv("HOLDFAST_PUBLIC_URL", ORIGIN)
    transport = httpx2.ASGITransport(create_apps(["home"])["home"], raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Accept": "text/html"})


async def test_the_way_to_the_provider_carries_a_proof_and_comes_back_here(
    home: httpx2.AsyncClient, provider: str
) -> None:
    begun = await home.get("/login/begin?next=/me&user=clerk-990101-1")
    asked = {name: value for name, [value] in _query(begun).items()}

    assert begun.headers["location"].startswith(f"{provider}/authorization_endpoint?")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == f"{ORIGIN}/login/callback"
    assert asked["login_hint"] == "clerk-990101-1"
    assert {"state", "nonce"} <= set(asked)


async def test_a_code_without_its_beginning_or_with_another_state_signs_nobody_in(
    home: httpx2.AsyncClient,
) -> None:
    without = await home.get("/login/callback?code=c&state=s")
    begun = await home.get("/login/begin")
    [state] = _query(begun)["state"]
    foreign = await home.get(f"/login/callback?code=c&state={state}x")

    assert [answer.headers["location"] for answer in (without, foreign)] == [FAILED, FAILED]
    assert "holdfast" not in home.cookies


async def test_a_code_that_the_provider_refuses_leads_back_to_the_login_page(
    home: httpx2.AsyncClient,
) -> None:
    [state] = _query(await home.get("/login/begin"))["state"]
    refused = await home.get(f"/login/callback?code=stolen&state={state}")

    assert refused.headers["location"] == FAILED
    assert "登录没有完成，请重新登录。" in (await home.get(FAILED)).text
    assert "holdfast" not in home.cookies


async def test_a_provider_that_is_away_is_said_on_a_page(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_OIDC_ISSUER", f"{provider}/elsewhere")
    async with _client(monkeypatch) as home:
        answer = await home.get("/login/begin")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "系统正在升级或繁忙" in answer.text


async def test_the_login_page_lists_people_of_every_role_in_a_local_stack_alone(
    home: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = (await home.get("/login")).text
    monkeypatch.delenv("HOLDFAST_READY_USERS")
    async with _client(monkeypatch) as elsewhere:
        bare = (await elsewhere.get("/login")).text

    assert {user.roles[0] for user in ready_users()} == set(NAVIGATION)
    assert all(user.sub in listed for user in ready_users())
    assert "clerk-990101-1" not in bare
    assert "使用企业账号登录" in bare


async def test_no_link_leads_elsewhere(home: httpx2.AsyncClient) -> None:
    page = (await home.get("/login?next=https://evil.example/")).text

    assert "evil" not in page


async def test_style_and_script_are_kept_for_a_year_under_their_hash(
    home: httpx2.AsyncClient,
) -> None:
    file = await home.get(static_url("holdfast.css"))
    page = await home.get("/login")
    older = await home.get("/static/000000000000/holdfast.css")

    assert file.headers["cache-control"] == IMMUTABLE
    assert file.headers["content-encoding"] == "gzip"
    assert static_url("holdfast.css") in page.text
    assert older.status_code == 404
    with pytest.raises(KeyError, match=r"no missing\.css"):
        static_url("missing.css")


async def test_a_first_visit_fits_its_limit(home: httpx2.AsyncClient) -> None:
    """150 kB over the wire, all files of the shell included."""
    page = await home.get("/login")
    addresses = [part.split('"')[0] for part in page.text.split('="/static/')[1:]]
    sizes = [
        int((await home.get(f"/static/{address}")).headers["content-length"])
        for address in set(addresses)
    ]

    assert len(sizes) >= 5
    assert sum(sizes) + len(page.content) < 150_000


async def test_a_settings_form_needs_its_token_and_a_session(home: httpx2.AsyncClient) -> None:
    refused = await home.post("/me", data={"language": "en", "theme": "dark", "keys": "on"})
    language = await home.post(
        "/login/language", data={"language": "en"}, headers={"Origin": "https://evil.example"}
    )

    assert refused.status_code == 401
    assert language.status_code == 403


def _query(answer: httpx2.Response) -> dict[str, list[str]]:
    return parse_qs(urlsplit(answer.headers["location"]).query)
