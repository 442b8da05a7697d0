"""Pages of the notes' service, as a service's `pages.py` makes them: a list, a form, an act."""

from typing import Annotated
from uuid import UUID

import notes_app
from fastapi import Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from shared.web.pages.drawing import draw
from shared.web.pages.forms import OnceForm, VersionForm, new_form_id
from shared.web.pages.routes import pages
from shared.web.transaction import Moment, Transaction

router = pages()


@router.get("/notes/{note_id}", name="readNote")
async def show_note(note_id: UUID, request: Request, uow: Transaction, moment: Moment) -> Response:
    note = await notes_app.find(uow, note_id)
    return draw(request, "note.html", moment=moment, note=note, form_id=new_form_id())


@router.post("/notes/{note_id}", name="changeNote")
async def change_note(
    note_id: UUID,
    words: Annotated[str, Form(min_length=1, max_length=200)],
    *,
    _once: OnceForm,
    version: VersionForm,
    uow: Transaction,
) -> Response:
    note = await notes_app.find(uow, note_id, lock=True)
    version.require(note.version)
    await notes_app.change(uow, note_id, words)
    return RedirectResponse(f"/notes/{note_id}", 303)
