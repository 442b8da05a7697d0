"""`draw`: a template with everything that every template may use; whole, or one block of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from shared.web.pages import formats
from shared.web.pages.navigation import ROLE_NAMES, entries_for, ranked
from shared.web.pages.preferences import preferences_of
from shared.web.pages.sessions import Session
from shared.web.pages.shell import shell_of
from shared.web.pages.words import Words


@dataclass(frozen=True)
class Figures:
    """The formats of shared/web/pages/formats.py in one language, at one moment."""

    words: Words
    now: datetime

    count = staticmethod(formats.count)
    money = staticmethod(formats.money)
    rate = staticmethod(formats.rate)
    clock_time = staticmethod(formats.clock_time)
    masked_phone = staticmethod(formats.masked_phone)
    masked_name = staticmethod(formats.masked_name)

    def points(self, number: int | None, worth_fen: int | None = None) -> str:
        return formats.points(number, self.words, worth_fen=worth_fen)

    def change(self, difference: float, sample: int) -> str:
        return formats.change(difference, self.words, sample=sample)

    def duration(self, span: timedelta) -> str:
        return formats.duration(span, self.words)

    def working_days(self, number: int) -> str:
        return formats.working_days(number, self.words)

    def past(self, at: datetime) -> str:
        return formats.past(at, self.now, self.words)

    def full_time(self, at: datetime) -> str:
        return formats.full_time(at, self.words)

    def deadline(self, due: datetime, *, makeup_day: bool = False) -> str:
        return formats.deadline(due, self.now, self.words, makeup_day=makeup_day)

    def due_by(self, due: datetime, *, makeup_day: bool = False) -> str:
        return formats.due_by(due, self.now, self.words, makeup_day=makeup_day)

    def date_range(self, first: date, last: date) -> str:
        return formats.date_range(first, last, self.words)

    def hidden_number(self, tail: str) -> str:
        return formats.hidden_number(tail, self.words)

    def card(self, tail: str) -> str:
        return formats.card(tail, self.words)


def words_for(request: Request) -> Words:
    """The words of whoever asks."""
    return shell_of(request).words[preferences_of(request).language]


def session_of(request: Request) -> Session | None:
    """Who is signed in; None on pages that everybody may see."""
    return getattr(request.state, "session", None)


def draw(
    request: Request,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    moment: datetime | None = None,
    block: str = "",
    **values: Any,  # noqa: ANN401 - a template takes whatever its page knows.
) -> HTMLResponse:
    """A page, or one `block` of it for htmx to put into the page that is there.

    `moment` is the request's business time; without it times are told by the machine's clock.
    """
    drawn = shell_of(request).environment.get_template(template)
    context = {**_context(request, moment or datetime.now(UTC)), **values}
    if block:
        parts = drawn.blocks[block](drawn.new_context(context))
        return HTMLResponse("".join(parts), status)
    return HTMLResponse(drawn.render(context), status)


def _context(request: Request, moment: datetime) -> Mapping[str, Any]:
    words = words_for(request)
    session = session_of(request)
    return {
        "t": words.t,
        "tn": words.tn,
        "f": Figures(words, moment),
        "language": words.language,
        "preferences": preferences_of(request),
        "here": request.url.path,
        "address": _address(request),
        "trace_id": getattr(request.state, "trace_id", ""),
        "session_left": _session_left(request),
        "form_token": shell_of(request).sessions.form_token(session) if session else "",
        **_person(session, words),
    }


def _session_left(request: Request) -> int | None:
    """Seconds until the session ends if the person does nothing more; this answer renews it."""
    session, sessions = session_of(request), shell_of(request).sessions
    if session is None:
        return None
    now = sessions.now()
    return (replace(session, seen=now) if session.wants_renewal(now) else session).left(now)


def _person(session: Session | None, words: Words) -> Mapping[str, Any]:
    if session is None:
        return {"caller": None, "entries": [], "roles": []}
    held = session.caller.roles
    return {
        "caller": session.caller,
        "entries": entries_for(held),
        "roles": [words.t(ROLE_NAMES[role]) for role in ranked(held)],
    }


def _address(request: Request) -> str:
    """Where the person is, to come back to: path and query, of this origin by construction."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
