"""`holdfast api` as a process: ready when it serves, finishing what is under way when it stops."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import pytest
from notes_parts import NotesDatabase

from holdfast.stack.ports import free_ports
from holdfast.tokens import ISSUER, Issuer
from shared.identity import Role

Headers = Callable[..., dict[str, str]]
COMMAND = [sys.executable, "-m", "holdfast", "api", "points"]
START_SECONDS = 30


@dataclass(frozen=True)
class WebProcess:
    process: subprocess.Popen[str]
    web: str
    health: str


@pytest.fixture
def settings(notes_database: NotesDatabase, issuer: Issuer) -> dict[str, str]:
    port, health_port = free_ports(2)
    return {
        "HOLDFAST_POINTS_WEB_DATABASE_URL": notes_database.web,
        "HOLDFAST_JWKS_FILE": str(issuer.jwks),
        "HOLDFAST_ISSUER": ISSUER,
        "HOLDFAST_SESSION_KEY": "k" * 64,
        "HOLDFAST_PUBLIC_URL": "http://127.0.0.1",
        "HOLDFAST_PORT": str(port),
        "HOLDFAST_HEALTH_PORT": str(health_port),
        # Not where the web port is: probes may come by another way than users.
        "HOLDFAST_HEALTH_HOST": "127.0.0.2",
    }


def _start(settings: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        COMMAND,
        env={**os.environ, **settings},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


@asynccontextmanager
async def _running(settings: Mapping[str, str]) -> AsyncGenerator[WebProcess]:
    process = _start(settings)
    web = f"http://127.0.0.1:{settings['HOLDFAST_PORT']}"
    health = f"http://{settings['HOLDFAST_HEALTH_HOST']}:{settings['HOLDFAST_HEALTH_PORT']}"
    try:
        await _until_ready(process, health)
        yield WebProcess(process, web, health)
    finally:
        process.kill()
        process.communicate()


async def _until_ready(process: subprocess.Popen[str], health: str) -> None:
    async with asyncio.timeout(START_SECONDS), httpx2.AsyncClient() as client:
        while process.poll() is None:
            try:
                if (await client.get(f"{health}/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError(process.communicate()[1])


@pytest.mark.requirement("XC-19")
async def test_the_process_serves_a_service_below_its_name_and_health_beside(
    settings: dict[str, str], as_role: Headers
) -> None:
    async with _running(settings) as running, httpx2.AsyncClient() as client:
        document = (await client.get(f"{running.web}/points/openapi.json")).json()
        assert document["servers"] == [{"url": "/points"}]
        path = f"{running.web}/points/v1/customers/7/balance"
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=as_role(Role.AUDITOR, "99"))).status_code == 404
        nowhere = await client.get(f"{running.web}/nowhere")
        assert nowhere.headers["content-type"] == "application/problem+json"

        assert (await client.get(f"{running.health}/livez")).status_code == 200
        metrics = (await client.get(f"{running.health}/metrics")).text
        assert 'holdfast_http_requests_total{operation="readBalance"' in metrics
        assert (await client.get(f"{running.web}/metrics")).status_code == 404


async def test_a_request_that_is_under_way_is_finished_before_the_process_ends(
    settings: dict[str, str], as_role: Headers, notes_database: NotesDatabase
) -> None:
    async with _running(settings) as running, httpx2.AsyncClient() as client:
        path = f"{running.web}/points/v1/customers/7/balance"
        async with notes_database.connected() as holder:
            await holder.execute("BEGIN; LOCK TABLE customer IN ACCESS EXCLUSIVE MODE")
            headers = as_role(Role.AUDITOR, "99")
            asked = asyncio.create_task(client.get(path, headers=headers))
            await notes_database.until_blocked()
            running.process.send_signal(signal.SIGTERM)
            await holder.execute("ROLLBACK")
        assert (await asked).status_code == 404
        assert await asyncio.to_thread(running.process.wait, 10) == 0


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"HOLDFAST_JWKS_FILE": "/nonexistent/jwks.json"}, "HOLDFAST_JWKS_FILE"),
        ({"HOLDFAST_POINTS_WEB_DATABASE_URL": ""}, "HOLDFAST_POINTS_WEB_DATABASE_URL"),
    ],
)
async def test_what_is_misconfigured_ends_with_78_and_says_what_to_do(
    settings: dict[str, str], broken: dict[str, str], said: str
) -> None:
    process = _start({**settings, **broken})
    _, errors = await asyncio.to_thread(process.communicate, timeout=START_SECONDS)
    assert process.returncode == 78
    assert said in errors
    assert "Traceback" not in errors


async def test_a_schema_that_was_never_migrated_ends_with_78(
    settings: dict[str, str], notes_database: NotesDatabase
) -> None:
    elsewhere = notes_database.web.rsplit("/", 1)[0] + "/postgres"
    process = _start({**settings, "HOLDFAST_POINTS_WEB_DATABASE_URL": elsewhere})
    _, errors = await asyncio.to_thread(process.communicate, timeout=START_SECONDS)
    assert process.returncode == 78
    assert "holdfast migrate points" in errors
