"""Idempotency-Key on a real table: one effect, one answer, and a crash leaves neither."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from notes_parts import NotesDatabase

Headers = Callable[..., dict[str, str]]
NOTE = {"county": "990101", "words": "called, satisfied"}


async def _effects(database: NotesDatabase, key: str) -> tuple[int, int, int]:
    """How many notes, kept keys and facts a request with this key left."""
    (row,) = await database.fetch(f"""
        SELECT (SELECT count(*) FROM idempotency WHERE key = '{key}') AS keys,
               (SELECT count(*) FROM note WHERE words LIKE '%{key}%') AS notes,
               (SELECT count(*) FROM event_link WHERE cause_id LIKE '%/{key}') AS facts
    """)  # noqa: S608 - a key of ours.
    return row["notes"], row["keys"], row["facts"]


def _note(key: str) -> dict[str, str]:
    return {**NOTE, "words": f"note {key}"}


async def test_a_repeat_is_answered_as_before_and_changes_nothing(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    first = await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    again = await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await _effects(notes_database, key) == (1, 1, 1)


async def test_a_quoted_key_is_the_same_key(
    notes: httpx2.AsyncClient, as_role: Headers, key: str
) -> None:
    await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    again = await notes.post("/v1/notes", json=_note(key), headers=as_role(key=f'"{key}"'))
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_key_with_another_body_is_refused(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    other = await notes.post("/v1/notes", json=NOTE, headers=as_role(key=key))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await _effects(notes_database, key) == (1, 1, 1)


async def test_the_same_key_of_another_caller_is_another_key(
    notes: httpx2.AsyncClient, as_role: Headers, key: str
) -> None:
    mine = await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    theirs = await notes.post(
        "/v1/notes", json=_note(key), headers=as_role(key=key, subject="zhang")
    )
    assert theirs.status_code == 201
    assert mine.json()["note_id"] != theirs.json()["note_id"]


@pytest.mark.parametrize("bad", ["", " ", "with space", "k" * 256, '"half'])
async def test_a_malformed_key_is_refused(
    notes: httpx2.AsyncClient, as_role: Headers, bad: str
) -> None:
    refused = await notes.post("/v1/notes", json=NOTE, headers=as_role(key=bad))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "Idempotency-Key"


async def test_twenty_at_once_have_one_effect(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    headers = as_role(key=key)
    answers = await asyncio.gather(
        *(notes.post("/v1/notes", json=_note(key), headers=headers) for _ in range(20))
    )
    done = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len([a for a in done if "idempotency-replayed" not in a.headers]) == 1
    assert len({answer.content for answer in done}) == 1
    assert {answer.json()["code"] for answer in refused} <= {"in-flight"}
    assert await _effects(notes_database, key) == (1, 1, 1)


@asynccontextmanager
async def _facts_held_back(database: NotesDatabase) -> AsyncGenerator[None]:
    """No fact can be written meanwhile: a request stops behind its effect, before its commit."""
    async with database.connected() as connection:
        await connection.execute("BEGIN; LOCK TABLE outbox IN SHARE MODE")
        yield
        await connection.execute("ROLLBACK")


async def test_while_the_first_is_in_flight_the_second_is_refused_at_once(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    headers = as_role(key=key)
    async with _facts_held_back(notes_database):
        first = asyncio.create_task(notes.post("/v1/notes", json=_note(key), headers=headers))
        await notes_database.until_blocked()
        second = await notes.post("/v1/notes", json=_note(key), headers=headers)
    assert (second.status_code, second.json()["code"]) == (409, "in-flight")
    assert (await first).status_code == 201
    third = await notes.post("/v1/notes", json=_note(key), headers=headers)
    assert third.headers["idempotency-replayed"] == "true"


async def test_a_crash_between_effect_and_commit_leaves_neither_effect_nor_key(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    headers = as_role(key=key)
    async with _facts_held_back(notes_database):
        first = asyncio.create_task(notes.post("/v1/notes", json=_note(key), headers=headers))
        backend = await notes_database.until_blocked()
        await notes_database.fetch(f"SELECT pg_terminate_backend({backend})")
        lost = await first
    assert lost.status_code == 503
    assert await _effects(notes_database, key) == (0, 0, 0)
    again = await notes.post("/v1/notes", json=_note(key), headers=headers)
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers
    assert await _effects(notes_database, key) == (1, 1, 1)


async def test_a_refusal_leaves_no_trace_and_the_key_may_be_used_again(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    elsewhere = {**_note(key), "county": "990102"}
    refused = await notes.post("/v1/notes", json=elsewhere, headers=as_role(key=key))
    assert (refused.status_code, refused.json()["code"]) == (409, "elsewhere")
    assert await _effects(notes_database, key) == (0, 0, 0)
    accepted = await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    assert accepted.status_code == 201


async def test_a_key_lives_for_a_day(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    await notes_database.fetch(f"""
        UPDATE idempotency SET created_at = created_at - interval '24 hours' WHERE key = '{key}'
    """)  # noqa: S608 - a key of ours.
    await notes_database.fetch(f"DELETE FROM note WHERE words LIKE '%{key}%'")  # noqa: S608 - as above.
    again = await notes.post("/v1/notes", json=_note(key), headers=as_role(key=key))
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers


async def test_a_fact_is_caused_by_its_request_and_goes_on_with_its_trace(
    notes: httpx2.AsyncClient, as_role: Headers, key: str, notes_database: NotesDatabase
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {**as_role(key=key), "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    await notes.post("/v1/notes", json=_note(key), headers=headers)
    (fact,) = await notes_database.fetch(f"""
        SELECT headers::text FROM outbox JOIN event_link USING (event_id)
        WHERE cause_id = 'wang/{key}'
    """)  # noqa: S608 - a key of ours.
    assert trace_id in fact["headers"]
