"""`up` on what a site brings: brokers and a server that run already, jars in a folder, or none."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from stack_parts import Stack

from holdfast.chaos.parts import Parts
from holdfast.stack import parts
from holdfast.stack.kafka import speaks
from holdfast.stack.postgres import PostgresAddress

NOBODY = "http://127.0.0.1:9"  # the port of `discard`, where nobody listens


@pytest.fixture
def bare() -> Iterator[Stack]:
    """A stack that was never up."""
    home = Path(tempfile.mkdtemp(prefix="holdfast-own-"))
    home.chmod(0o755)
    stack = Stack(home)
    yield stack
    if (home / "state.json").exists():
        stack.run("down")
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.timeout(120)
async def test_servers_that_are_there_are_used_and_left_running(
    bare: Stack, doorway_servers: Parts, own_server: PostgresAddress
) -> None:
    kafka = doorway_servers.broker.address
    options = ("--kafka", kafka, "--database", own_server.url(), "--only", "kafka,postgres")
    came_up = bare.run("up", *options)

    assert came_up.returncode == 0, came_up.stderr
    assert bare.status() == {"supervisor": "running"}
    assert bare.doctor() == []
    connection = await asyncpg.connect(parts.role_url(bare.state, "ticketing", "worker"))
    assert await connection.fetchval("SELECT count(*) FROM work_order") == 0
    await connection.close()
    assert bare.run("down").returncode == 0
    assert speaks("127.0.0.1", doorway_servers.broker.port)
    await (await asyncpg.connect(own_server.url())).close()


@pytest.mark.parametrize("url", ["127.0.0.1:5432", "postgresql://127.0.0.1/holdfast"])
def test_a_url_that_leaves_something_out_is_refused_with_the_whole_form(
    bare: Stack, url: str
) -> None:
    refused = bare.run("up", "--database", url)
    assert refused.returncode == 2
    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in refused.stderr


def test_jars_that_cannot_be_fetched_end_in_three_ways_on(
    bare: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(bare.home / "nothing-fetched-yet"))
    monkeypatch.setenv("NO_PROXY", "")
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, NOBODY)
    failed = bare.run("up", "--only", "kafka")

    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    ways = failed.stderr.partition("Three ways on:\n")[2].splitlines()
    assert [way[:35].rstrip() for way in ways] == [
        "  1. allow this machine to reach a",
        "  2. holdfast up --kafka-jars DIR",
        "  3. holdfast up --kafka HOST:PORT",
    ]


def test_a_folder_named_from_where_one_stands_is_the_same_one_for_a_broker(bare: Stack) -> None:
    brought = bare.home / "brought"
    brought.mkdir()
    (brought / "kafka_2.13-4.3.1.jar").touch()  # no jar at all: it is the folder that matters here
    refused = bare.run("up", "--only", "kafka", "--kafka-jars", os.path.relpath(brought))

    assert bare.state.kafka_jars == str(brought)
    assert refused.returncode == 1
    assert "Kafka refused to format" in refused.stderr
