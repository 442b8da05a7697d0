"""What an operator types on a new server: roles, then clock; each as often as they like."""

import asyncio
import os

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from holdfast.cli import build
from holdfast.roles import KINDS
from holdfast.stack.postgres import PostgresAddress
from holdfast.stack.state import SERVICES
from shared.clock import ClockFollower
from shared.database import create_engine

ROLES = [f"{service}_{kind}" for service in SERVICES for kind in KINDS]


@pytest.fixture
def urls(own_server: PostgresAddress, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a deployment: one URL a role, and the superuser's."""
    superuser = make_url(own_server.url())
    found = {
        role: superuser.set(username=role, password=f"secret of {role}").render_as_string(
            hide_password=False
        )
        for role in ROLES
    }
    monkeypatch.setenv("HOLDFAST_SUPERUSER_DATABASE_URL", own_server.url())
    for role, url in found.items():
        monkeypatch.setenv(f"HOLDFAST_{role}_DATABASE_URL".upper(), url)
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(build(words[0]), list(words))


def test_a_worker_of_a_new_server_logs_in_and_reads_the_clock(urls: dict[str, str]) -> None:
    assert run("clock", "show").exit_code != 0  # no table yet

    for _ in range(2):
        made = run("roles").output.splitlines()
        assert made == [f"ready  {role}" for role in sorted(ROLES)]
    unset = run("clock", "show")
    started = run("clock", "start", "--begin", "2026-02-27T07:00:00+08:00")
    again = run("clock", "start")

    assert (unset.exit_code, "clock start" in unset.output) == (1, True)
    assert started.exit_code == 0
    assert again.output.count("from ") == started.output.count("from ") == 1
    assert asyncio.run(date_read_by(urls["points_worker"])) == "2026-02-26"  # 23:00 in UTC


async def date_read_by(url: str) -> str:
    engine = create_engine(url, application="test", pool_size=1)
    follower = ClockFollower(engine)
    await follower.start()
    await follower.stop()
    await engine.dispose()
    return follower.clock.now().date().isoformat()


@pytest.mark.usefixtures("urls")
def test_a_url_of_another_role_is_refused_with_the_variable_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_POINTS_WEB_DATABASE_URL", "postgresql://somebody:x@h/d")

    refused = run("roles")

    assert refused.exit_code == 2
    assert "HOLDFAST_POINTS_WEB_DATABASE_URL" in refused.output


@pytest.mark.usefixtures("urls")
def test_a_beginning_without_an_offset_is_refused() -> None:
    assert run("clock", "start", "--begin", "2026-02-27T07:00:00").exit_code == 2


def test_without_a_superuser_the_command_says_what_it_needs() -> None:
    assert "HOLDFAST_SUPERUSER_DATABASE_URL" not in os.environ
    assert run("roles").exit_code == 2
