"""What an operator does about a record at fault, with a real worker and without one."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from doorway_parts import Doorway, a_profile, comes_to, customer_in, record_of
from typer.testing import CliRunner, Result

from holdfast.chaos.parts import Worker
from holdfast.cli import build
from holdfast.stack.postgres import PostgresAddress


async def run(*words: str) -> Result:
    """The command as typed; in a thread, since it has a loop of its own."""
    typed = ["deadletters", *words, "--service", "points"]
    return await asyncio.to_thread(CliRunner().invoke, build("deadletters"), typed)


@pytest.fixture(scope="module", autouse=True)
async def nothing_stays(doorway: Doorway) -> AsyncIterator[None]:
    """Other modules count the dead letters of the same database."""
    yield
    await doorway.execute("DELETE FROM parked")
    await doorway.execute("DELETE FROM dead_letter")


@pytest.fixture
def environment(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    address: PostgresAddress = doorway.parts.postgres.address
    url = address.url(user="points_worker", password=doorway.parts.passwords["points_worker"])
    monkeypatch.setenv("HOLDFAST_POINTS_WORKER_DATABASE_URL", url)


async def a_letter(doorway: Doorway, customer: int, *, behind: int = 0) -> str:
    """A profile whose tier is a phone number, and sound ones that wait behind it."""
    broken = record_of(a_profile(customer, 1)).with_fields(tier="13812345678")
    sound = [record_of(a_profile(customer, 2 + n)) for n in range(behind)]
    await doorway.send(broken, *sound)

    async def standing() -> object:
        return await doorway.rows(
            "SELECT (SELECT count(*) FROM parked p WHERE p.dead_letter_id = d.id) "
            "FROM dead_letter d WHERE state = 'open' AND key = $1",
            str(customer),
        )

    await comes_to(standing, [(behind,)])
    [(found,)] = await doorway.rows(
        "SELECT id::text FROM dead_letter WHERE key = $1", str(customer)
    )
    return str(found)


async def sequence_of(doorway: Doorway, customer: int) -> list[tuple[int, ...]]:
    return await doorway.rows("SELECT sequence FROM customer WHERE customer_id = $1", customer)


@pytest.mark.usefixtures("worker", "environment")
async def test_a_mended_record_is_replayed_and_what_waited_behind_it_follows(
    doorway: Doorway, tmp_path: Path
) -> None:
    customer = customer_in(0)
    letter = await a_letter(doorway, customer, behind=1)
    mended = tmp_path / "mended.json"
    [(broken,)] = await doorway.rows(
        "SELECT convert_from(value, 'UTF8') FROM dead_letter WHERE id = $1::text::uuid", letter
    )
    mended.write_text(json.dumps(json.loads(str(broken)) | {"tier": "gold"}))

    failed = await run("replay", letter)
    shown = await run("show", letter, "--json")
    replayed = await run("replay", letter, "--value", str(mended))
    again = await run("replay", letter)

    assert (failed.exit_code, "failed again" in failed.output) == (1, True), failed.output
    seen = json.loads(shown.output)
    assert (seen["attempts"], len(seen["waiting"])) == (2, 1)
    assert "138****5678" in seen["value"]
    assert "13812345678" not in shown.output
    assert (replayed.exit_code, "replayed" in replayed.output) == (0, True), replayed.output
    assert (again.exit_code, "not open but replayed" in again.output) == (1, True)
    assert await sequence_of(doorway, customer) == [(2,)]


@pytest.mark.usefixtures("worker", "environment")
async def test_a_discarded_record_keeps_the_reason_and_lets_the_others_go_on(
    doorway: Doorway,
) -> None:
    customer = customer_in(1)
    letter = await a_letter(doorway, customer, behind=2)

    discarded = await run("discard", letter, "--because", "a test of the source")

    assert discarded.exit_code == 0, discarded.output
    [(state, by)] = await doorway.rows(
        "SELECT state, resolved_by FROM dead_letter WHERE id = $1::text::uuid", letter
    )
    assert state == "discarded"
    assert by.endswith(": a test of the source")
    assert await sequence_of(doorway, customer) == [(3,)]


@pytest.mark.usefixtures("worker", "environment")
async def test_a_letter_that_several_services_hold_is_settled_in_the_one_that_is_named(
    doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = await a_letter(doorway, customer_in(3))
    for other in ("alerts", "callcenter", "ticketing"):
        url = os.environ["HOLDFAST_POINTS_WORKER_DATABASE_URL"]
        monkeypatch.setenv(f"HOLDFAST_{other.upper()}_WORKER_DATABASE_URL", url)
    typed = ["deadletters", "discard", letter, "--because", "a test"]

    unnamed = await asyncio.to_thread(CliRunner().invoke, build("deadletters"), typed)
    named = await run("discard", letter, "--because", "a test")

    assert unnamed.exit_code != 0
    assert "alerts and points" in unnamed.output
    assert "--service" in unnamed.output
    assert named.exit_code == 0, named.output


@pytest.mark.usefixtures("environment")
async def test_a_list_goes_on_page_by_page_and_without_a_worker_a_wish_says_so(
    doorway: Doorway, worker: Worker
) -> None:
    letters = [await a_letter(doorway, customer_in(2)) for _ in range(3)]

    pages: list[str] = []
    words = ["--limit", "2", "--json"]
    while words:
        page = json.loads((await run("list", *words)).output)
        pages += [letter["id"] for letter in page["letters"]]
        words = ["--limit", "2", "--json", "--after", page["next"]] if page["next"] else []
    other = await run("list", "--topic", "holdfast.no_such.v1")
    nobody = await run("show", "00000000-0000-0000-0000-000000000000")
    worker.stop()
    asked = await run("discard", letters[0], "--because", "nobody is here")

    assert [letter for letter in pages if letter in letters] == letters
    assert other.output.strip() == "0 dead letters"
    assert nobody.exit_code != 0
    assert (asked.exit_code, "no worker of points is running" in asked.output) == (1, True)
