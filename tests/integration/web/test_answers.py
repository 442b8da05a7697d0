"""What leaves: committed answers, problems for every failure, pages, versions, one log line."""

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

import httpx2
import notes_app
import pytest
from notes_parts import NotesDatabase, serving
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.clock import ClockFollower
from shared.database import create_engine
from shared.identity import Role
from shared.web.app import BODY_BYTES_MAX, create_app
from shared.web.doorway import Doorway

Headers = Callable[..., dict[str, str]]
NOTE = {"county": "990101", "words": "called, satisfied"}


def _problem(response: httpx2.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert {"type", "title", "instance", "trace_id"} <= set(problem)
    return response.status_code, problem["code"]


async def test_an_effect_that_fails_at_commit_is_never_reported_as_done(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    body = {**NOTE, "words": "refuse at commit"}
    answer = await notes.post("/v1/notes", json=body, headers=as_role(key=key))
    assert _problem(answer) == (500, "internal")
    assert not await notes_database.fetch(f"SELECT FROM idempotency WHERE key = '{key}'")


async def test_what_was_answered_is_committed(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    note = (await notes.post("/v1/notes", json=NOTE, headers=as_role(key=key))).json()
    found = await notes_database.fetch(f"SELECT FROM note WHERE id = '{note['note_id']}'")
    assert len(found) == 1


async def test_an_unknown_path_and_a_wrong_method_are_problems(notes: httpx2.AsyncClient) -> None:
    assert _problem(await notes.get("/nowhere")) == (404, "not-found")
    wrong = await notes.delete("/v1/notes")
    assert _problem(wrong) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"county": "990101"}', "#/words"),
        (b'{"county": "99", "words": "x"}', "#/county"),
        (b'{"county": "990101", "words": "x", "version": 9}', "#/version"),
        (b'{"county": "990101", "words": "x\\u0000y"}', "#"),
        (b'{"county": "990101", "words": "\\ud800"}', "#/words"),
        (b'{"county": "990101", "words": "x", "\\ud800": 1}', "#"),
        (b"[]", "#"),
        (b"{", "#/1"),
        (b"", "#"),
    ],
)
async def test_a_malformed_body_is_pointed_at(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, body: bytes, pointer: str
) -> None:
    headers = {**as_role(key=key), "Content-Type": "application/json"}
    refused = await notes.post("/v1/notes", content=body, headers=headers)
    assert _problem(refused) == (422, "malformed")
    assert refused.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"words": "\xff"}', b"[" * 20_000])
async def test_a_body_that_is_no_json_at_all_is_malformed(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, body: bytes
) -> None:
    headers = {**as_role(key=key), "Content-Type": "application/json"}
    refused = await notes.post("/v1/notes", content=body, headers=headers)
    assert _problem(refused) == (422, "malformed")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_refused_whether_announced_or_streamed(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, *, announced: bool
) -> None:
    large = json.dumps({**NOTE, "words": "x" * BODY_BYTES_MAX}).encode()

    async def streamed() -> AsyncGenerator[bytes]:
        for start in range(0, len(large), 8192):
            yield large[start : start + 8192]

    headers = {**as_role(key=key), "Content-Type": "application/json"}
    refused = await notes.post(
        "/v1/notes", content=large if announced else streamed(), headers=headers
    )
    assert _problem(refused) == (413, "too-large")
    assert str(BODY_BYTES_MAX) in refused.json()["detail"]


async def test_a_bug_is_answered_without_its_story_and_logged_without_persons(
    notes: httpx2.AsyncClient, as_role: Headers, key: str
) -> None:
    answer = await notes.post("/v1/faults/bug", headers=as_role(key=key))
    assert _problem(answer) == (500, "internal")
    assert "RuntimeError" not in answer.text
    assert "13812345678" not in answer.text


async def test_a_statement_beyond_its_time_asks_to_come_again(
    notes: httpx2.AsyncClient, as_role: Headers
) -> None:
    answer = await notes.post("/v1/delays/slow", headers=as_role())
    assert _problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_a_database_that_is_away_asks_to_come_again(
    doorway: Doorway, as_role: Headers
) -> None:
    engine = create_engine("postgresql://x:x@127.0.0.1:1/x", application="away", pool_size=1)
    away = replace(doorway, engine=engine, clock=ClockFollower(engine))
    app = create_app(away, title="notes", routers=[notes_app.router])
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://notes") as notes:
        assert _problem(await notes.get("/v1/notes", headers=as_role())) == (503, "unavailable")


async def test_a_database_that_came_back_is_used_again(
    notes: httpx2.AsyncClient, as_role: Headers, notes_database: NotesDatabase
) -> None:
    await notes.get("/v1/notes", headers=as_role())
    await notes_database.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'points_web'"
    )
    statuses = [(await notes.get("/v1/notes", headers=as_role())).status_code for _ in range(6)]
    assert statuses[-1] == 200
    assert set(statuses) <= {200, 503}


async def test_a_change_needs_the_version_that_was_seen(
    notes: httpx2.AsyncClient, as_role: Headers, key: str
) -> None:
    written = await notes.post("/v1/notes", json=NOTE, headers=as_role(key=key))
    path = f"/v1/notes/{written.json()['note_id']}"
    words = {"words": "call back on Monday"}

    assert _problem(await notes.put(path, json=words, headers=as_role()))[0] == 428
    seen = {**as_role(), "If-Match": written.headers["etag"]}
    changed = await notes.put(path, json=words, headers=seen)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert _problem(await notes.put(path, json=words, headers=seen))[0] == 412


async def test_pages_follow_one_another_without_gap_or_repeat(
    notes: httpx2.AsyncClient, as_role: Headers
) -> None:
    mine = {**as_role(organisation="990109001")}
    for number in range(5):
        headers = as_role(organisation="990109001", key=f"page-{number}")
        await notes.post("/v1/notes", json={"county": "990109", "words": "x"}, headers=headers)
    seen: list[str] = []
    page: dict[str, Any] = {"next_cursor": None}
    while seen == [] or page["next_cursor"]:
        query = {"limit": "2"} | ({"cursor": page["next_cursor"]} if seen else {})
        page = (await notes.get("/v1/notes", params=query, headers=mine)).json()
        seen += [note["note_id"] for note in page["items"]]
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"cursor": "not-ours"}])
async def test_a_page_has_its_limits(
    notes: httpx2.AsyncClient, as_role: Headers, query: dict[str, str]
) -> None:
    refused = await notes.get("/v1/notes", params=query, headers=as_role())
    assert _problem(refused)[0] == 422


async def test_a_request_is_one_line_and_one_count(
    notes: httpx2.AsyncClient, as_role: Headers
) -> None:
    labels = {"service": "points", "operation": "listNotes", "status": "200"}
    before = REGISTRY.get_sample_value("holdfast_http_requests_total", labels) or 0
    with capture_logs() as lines:
        await notes.get("/v1/notes?limit=1", headers=as_role(Role.AUDITOR, "99", subject="li"))
    (line,) = [line for line in lines if line["event"] == "request"]
    said = {name: line[name] for name in ("operation", "method", "path", "status", "caller")}
    assert said == {
        "operation": "listNotes",
        "method": "GET",
        "path": "/v1/notes",
        "status": 200,
        "caller": "li",
    }
    assert REGISTRY.get_sample_value("holdfast_http_requests_total", labels) == before + 1


async def test_the_document_is_openapi_and_no_page_needs_another_host(
    doorway: Doorway,
) -> None:
    app = create_app(doorway, title="notes", routers=[notes_app.router])
    async with serving(app) as notes:
        drawn = (await notes.get("/openapi.json")).json()
        assert drawn["openapi"].startswith("3.1")
        write = drawn["paths"]["/v1/notes"]["post"]
        assert write["operationId"] == "writeNote"
        assert {"401", "403", "409", "413", "422", "503"} <= set(write["responses"])
        change = drawn["paths"]["/v1/notes/{note_id}"]["put"]
        assert {"404", "412", "428"} <= set(change["responses"])
        assert (await notes.get("/docs")).status_code == 404
        assert (await notes.get("/redoc")).status_code == 404


async def test_a_misspelt_parameter_is_told_what_the_operation_knows(
    notes: httpx2.AsyncClient, as_role: Headers
) -> None:
    refused = await notes.get("/v1/notes", params={"limt": 5}, headers=as_role())

    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")
    assert refused.json()["detail"].endswith("knows: cursor, limit")
    assert "limt" not in refused.text
    assert (await notes.get("/v1/notes", params={"limt": 5})).status_code == 401
