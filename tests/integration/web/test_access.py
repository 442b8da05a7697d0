"""401, 403, 404: no token, wrong role, another county's thing; enforced twice."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import httpx2
import notes_app
import pytest
from fastapi import APIRouter
from notes_parts import serving
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from holdfast.tokens import ISSUER
from shared.database import unit_of_work
from shared.identity import Role, TokenVerifier
from shared.jwks import JwksUrl
from shared.web.app import create_app
from shared.web.doorway import Doorway
from shared.web.operations import PolicyGap

Headers = Callable[..., dict[str, str]]
NOTE = {"county": "990101", "words": "called, satisfied"}


async def _a_note(notes: httpx2.AsyncClient, headers: dict[str, str]) -> str:
    return (await notes.post("/v1/notes", json=NOTE, headers=headers)).json()["note_id"]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic d2FuZzp4", "Bearer a.b.c"])
async def test_without_a_valid_token_nobody_is_answered(
    notes: httpx2.AsyncClient, header: str | None
) -> None:
    refused = await notes.get("/v1/notes", headers={"Authorization": header} if header else {})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorised")
    assert refused.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.requirement("XC-01")
async def test_a_wrong_role_is_told_which_roles_may(
    notes: httpx2.AsyncClient, as_role: Headers
) -> None:
    refused = await notes.get("/v1/notes", headers=as_role(Role.RULE_AUTHOR, "99"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "store_clerk" in refused.json()["detail"]


async def test_another_countys_note_is_not_there(
    notes: httpx2.AsyncClient, as_role: Headers, key: str
) -> None:
    note_id = await _a_note(notes, as_role(key=key))
    path = f"/v1/notes/{note_id}"
    assert (await notes.get(path, headers=as_role())).status_code == 200
    assert (await notes.get(path, headers=as_role(Role.AUDITOR, "9901"))).status_code == 200

    elsewhere = as_role(organisation="990102001")
    missing = f"/v1/notes/{uuid4()}"
    theirs = await notes.get(path, headers=elsewhere)
    nobodys = await notes.get(missing, headers=elsewhere)
    assert theirs.status_code == 404
    assert theirs.json()["detail"] == nobodys.json()["detail"]
    change = {**elsewhere, "If-Match": "*"}
    assert (await notes.put(path, json={"words": "x"}, headers=change)).status_code == 404
    listed = (await notes.get("/v1/notes", headers=elsewhere)).json()["items"]
    assert note_id not in [note["note_id"] for note in listed]


async def test_a_transaction_without_an_organisation_sees_an_error_not_everything(
    doorway: Doorway,
) -> None:
    for organisation in (None, ""):
        with pytest.raises(DBAPIError, match=r"holdfast\.organisation is not set"):
            async with unit_of_work(doorway.engine, organisation=organisation) as uow:
                await uow.connection.execute(text("SELECT * FROM note"))


async def test_an_organisation_ends_with_its_transaction(
    notes: httpx2.AsyncClient, as_role: Headers, doorway: Doorway
) -> None:
    await notes.get("/v1/notes", headers=as_role())
    with pytest.raises(DBAPIError, match=r"holdfast\.organisation is not set"):
        async with unit_of_work(doorway.engine) as uow:
            await uow.connection.execute(text("SELECT * FROM note"))


async def test_an_operation_without_a_policy_row_does_not_start(doorway: Doorway) -> None:
    known = {name: roles for name, roles in notes_app.POLICY.items() if name != "readNote"}
    with pytest.raises(PolicyGap, match="readNote"):
        create_app(replace(doorway, policy=known), title="notes", routers=[notes_app.router])


async def test_a_route_that_asks_nobody_who_they_are_does_not_start(doorway: Doorway) -> None:
    router = APIRouter()
    router.add_api_route("/open", notes_app.list_notes)
    with pytest.raises(PolicyGap, match="/open"):
        create_app(doorway, title="notes", routers=[router])


async def test_keys_that_have_not_arrived_are_not_the_callers_fault(
    doorway: Doorway, as_role: Headers
) -> None:
    away = TokenVerifier(JwksUrl("http://127.0.0.1:1/jwks.json"), issuer=ISSUER)
    app = create_app(replace(doorway, verifier=away), title="notes", routers=[notes_app.router])
    async with serving(app) as notes:
        assert (await notes.get("/v1/notes", headers=as_role())).status_code == 503
