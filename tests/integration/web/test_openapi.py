"""Every operation, with whatever its document allows and does not: no 5xx, nothing undocumented."""

import asyncio
from collections.abc import Callable, Generator

import httpx2
import notes_app
import pytest
from fastapi import APIRouter, FastAPI
from notes_parts import NotesDatabase, notes_doorway
from openapi_fuzz import served, violations

from holdfast.tokens import ISSUER, Issuer
from holdfast.web_process import create_apps
from shared.identity import Role
from shared.web.app import create_app

Headers = Callable[..., dict[str, str]]

MEMBER = "4611686018427387904"
# A member with points enough for whatever is asked, in a county that the caller sees.
_MEMBER = f"""
    INSERT INTO customer VALUES ({MEMBER}, '990101', 'gold', 'active', 1) ON CONFLICT DO NOTHING;
    INSERT INTO lot (customer_id, programme, cohort, clears_on, granted, version)
    VALUES ({MEMBER}, 'standard', 2026, '2027-04-30', 1000000000, 1) ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant of ours.


def _notes(database: NotesDatabase, issuer: Issuer, router: APIRouter) -> FastAPI:
    return create_app(notes_doorway(database, issuer), title="notes", routers=[router])


@pytest.fixture(scope="module")
def notes_url(notes_database: NotesDatabase, issuer: Issuer) -> Generator[str]:
    with served(lambda: _notes(notes_database, issuer, notes_app.router)) as url:
        yield url


async def _add_member(database: NotesDatabase) -> None:
    async with database.connected() as connection:
        await connection.execute(_MEMBER)


@pytest.fixture(scope="module")
def points_url(notes_database: NotesDatabase, issuer: Issuer) -> Generator[str]:
    asyncio.run(_add_member(notes_database))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOLDFAST_POINTS_WEB_DATABASE_URL", notes_database.web)
        environment.setenv("HOLDFAST_JWKS_FILE", str(issuer.jwks))
        environment.setenv("HOLDFAST_ISSUER", ISSUER)
        environment.setenv("HOLDFAST_SESSION_KEY", "k" * 64)
        environment.setenv("HOLDFAST_PUBLIC_URL", "http://127.0.0.1")
        with served(lambda: create_apps(["points"])["points"]) as url:
            yield url


@pytest.fixture
def known_note(notes_url: str, as_role: Headers) -> dict[str, str]:
    body = {"county": "990101", "words": "known"}
    headers = as_role(key="known-note", subject="known")
    note = httpx2.post(f"{notes_url}/v1/notes", json=body, headers=headers)
    return {"note_id": note.json()["note_id"]}


@pytest.fixture
def known_redemption(points_url: str, as_role: Headers) -> dict[str, str]:
    body = {"points": 50, "family": "service", "item": "data-1g"}
    headers = as_role(Role.POINTS_OPERATOR, "99", key="known-redemption", subject="known")
    made = httpx2.post(
        f"{points_url}/v1/customers/{MEMBER}/redemptions", json=body, headers=headers
    )
    return {"customer_id": MEMBER, "redemption_id": made.json()["redemption_id"]}


def test_openapi_notes_answer_as_documented(
    notes_url: str, as_role: Headers, known_note: dict[str, str]
) -> None:
    assert not violations(notes_url, headers=as_role(), known=known_note)


def test_openapi_with_a_seeded_bug_is_seen_to_fail(
    notes_database: NotesDatabase, issuer: Issuer, as_role: Headers
) -> None:
    with served(lambda: _notes(notes_database, issuer, notes_app.faults)) as url:
        found = "\n".join(violations(url, headers=as_role(), known={}))
    assert "ST101 Server error" in found
    assert "ST103 Undocumented" in found


def test_openapi_points_answer_as_documented(
    points_url: str, as_role: Headers, known_redemption: dict[str, str]
) -> None:
    headers = as_role(Role.POINTS_OPERATOR, "99")
    assert not violations(points_url, headers=headers, known=known_redemption)
