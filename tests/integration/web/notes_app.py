"""A small service on a real table: the caller of every mechanism of shared/web in these tests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import text

from shared.errors import Conflict, NotFound
from shared.events.event import County, CustomerId, effect_id
from shared.events.points import PointsGranted
from shared.policy import Operations, Role, Scope
from shared.web.access import Admitted
from shared.web.bodies import RequestBody
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.once import Once
from shared.web.operations import operations
from shared.web.preconditions import IfMatch, etag_of
from shared.web.transaction import Moment, Transaction

TABLE = """
CREATE TABLE note (
    id uuid PRIMARY KEY, county text NOT NULL, words text NOT NULL,
    version int NOT NULL DEFAULT 1, written_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON note TO points_web;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
ALTER TABLE note FORCE ROW LEVEL SECURITY;
CREATE POLICY branch ON note TO points_web USING (organisation_visible(county));
CREATE POLICY owner ON note TO points_migrate USING (true);
-- Checked at commit: the effect is complete, and still it does not come about.
CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.words = 'refuse at commit') EXECUTE FUNCTION refuse_change();
"""

POLICY: Operations = {
    "writeNote": {Role.STORE_CLERK: Scope.COUNTY, Role.POINTS_OPERATOR: Scope.CITY},
    "readNote": {Role.STORE_CLERK: Scope.COUNTY, Role.AUDITOR: Scope.PROVINCE},
    "listNotes": {Role.STORE_CLERK: Scope.COUNTY, Role.AUDITOR: Scope.PROVINCE},
    "changeNote": {Role.STORE_CLERK: Scope.COUNTY},
    "breakDown": {Role.STORE_CLERK: Scope.COUNTY},
    "waitForever": {Role.STORE_CLERK: Scope.COUNTY},
}

_LIST = text("""
    SELECT id AS note_id, county, words, version, written_at FROM note
    WHERE id > :after ORDER BY id LIMIT :limit
""")
_FIND = text("SELECT id AS note_id, county, words, version, written_at FROM note WHERE id = :id")
_FIND_LOCKED = text(f"{_FIND.text} FOR UPDATE")
_CHANGE = text("""
    UPDATE note SET words = :w, version = version + 1 WHERE id = :id
    RETURNING id AS note_id, county, words, version, written_at
""")

router = operations()
faults = operations("/v1/faults")
delays = operations("/v1/delays")


class NoteIn(RequestBody):
    county: County
    words: Annotated[str, Field(min_length=1, max_length=200)]
    customer_id: CustomerId = 7


class Note(BaseModel):
    note_id: UUID
    county: str
    words: str
    version: int
    written_at: AwareDatetime


class _Place(BaseModel):
    """Where a page of notes begins: behind this row."""

    note_id: UUID


class Elsewhere(Conflict):
    slug = "elsewhere"
    title = "Notes are written in your own county"


@router.post("/notes", status_code=201, responses=refusals(Elsewhere))
async def write_note(
    note: NoteIn,
    response: Response,
    *,
    admission: Admitted,
    once: Once,
    uow: Transaction,
    moment: Moment,
) -> Note:
    """Write a note, and tell so."""
    if not note.county.startswith(admission.organisation):
        raise Elsewhere
    note_id = effect_id(once.cause, "note")
    await uow.connection.execute(
        text("INSERT INTO note (id, county, words, written_at) VALUES (:id, :c, :w, :at)"),
        {"id": note_id, "c": note.county, "w": note.words, "at": moment},
    )
    uow.emit(_told(note, once.cause, moment))
    response.headers["ETag"] = etag_of(1)
    return Note(note_id=note_id, county=note.county, words=note.words, version=1, written_at=moment)


def _told(note: NoteIn, cause: str, moment: datetime) -> PointsGranted:
    return PointsGranted(
        event_id=effect_id(cause, PointsGranted.event_type),
        subject="note",
        cause_id=cause,
        cause_type="http",
        at=moment,
        customer_id=note.customer_id,
        county=note.county,
        entry_id=effect_id(cause, "entry"),
        programme="standard",
        cohort=2026,
        amount=1,
        lot_version=1,
        available=1,
    )


@router.get("/notes/{note_id}", responses=refusals(NotFound))
async def read_note(note_id: UUID, response: Response, uow: Transaction) -> Note:
    note = await find(uow, note_id)
    response.headers["ETag"] = etag_of(note.version)
    return note


@router.get("/notes")
async def list_notes(
    uow: Transaction, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[Note]:
    place = position_in(cursor, _Place)
    rows = await uow.connection.execute(
        _LIST,
        {"after": place.note_id if place else UUID(int=0), "limit": limit + 1},
    )
    notes = [_note(row) for row in rows]
    return Page(items=notes[:limit], next_cursor=_cursor_after(notes, limit))


def _cursor_after(notes: Sequence[Note], limit: int) -> str | None:
    return cursor_of(_Place(note_id=notes[limit - 1].note_id)) if len(notes) > limit else None


class Words(RequestBody):
    words: Annotated[str, Field(min_length=1, max_length=200)]


@router.put("/notes/{note_id}", responses=refusals(NotFound))
async def change_note(
    note_id: UUID, words: Words, response: Response, *, if_match: IfMatch, uow: Transaction
) -> Note:
    note = await find(uow, note_id, lock=True)
    if_match.require(note.version)
    note = await change(uow, note_id, words.words)
    response.headers["ETag"] = etag_of(note.version)
    return note


@faults.post("/bug")
async def break_down(uow: Transaction, once: Once) -> None:
    await uow.connection.execute(text("SELECT 1"))
    raise RuntimeError(f"a bug that knows {once.key} and 13812345678")


@delays.post("/slow")
async def wait_forever(uow: Transaction) -> None:
    await uow.connection.execute(text("SELECT pg_sleep(60)"))


async def find(uow: Transaction, note_id: UUID, *, lock: bool = False) -> Note:
    statement = _FIND_LOCKED if lock else _FIND
    row = (await uow.connection.execute(statement, {"id": note_id})).one_or_none()
    if row is None:
        raise NotFound("No such note")
    return _note(row)


async def change(uow: Transaction, note_id: UUID, words: str) -> Note:
    changed = await uow.connection.execute(_CHANGE, {"id": note_id, "w": words})
    return _note(changed.one())


def _note(row: object) -> Note:
    return Note.model_validate(row, from_attributes=True)
