"""A refusal as a page: what happened, what it means, what to do; typed text is never lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.responses import Response

from shared.errors import Refusal
from shared.identity import Role
from shared.web.pages.drawing import draw, session_of, words_for
from shared.web.pages.navigation import ROLE_NAMES, ranked
from shared.web.pages.signed_in import FORM_TOKEN, SAFE_METHODS, own_path, session_in
from shared.web.pages.words import msgid as m

LOGIN = "/login"
RETRY_SECONDS = 60  # said where a refusal does not say it itself
# What a form carries for the machine; a person typed none of it.
_OURS = frozenset({FORM_TOKEN, "form_id", "version"})

TEXTS: Mapping[int, str] = {
    401: m("You were signed out. What you entered is shown below; copy it before you go on."),
    403: m("Your role ({role}) does not include this. Ask {owner} if you need it."),
    404: m("Not found. The number may be wrong, or it is not in your county."),
    405: m("This address takes no such request. Go back and use the page's own buttons."),
    409: m("This has changed. Your action was not carried out."),
    412: m("This has changed. Your action was not carried out."),
    413: m("Not saved: this is larger than the limit. Shorten it and send it again."),
    422: m("Not saved. {things}."),
    428: m("This has changed. Your action was not carried out."),
    429: m("Too many requests. Continue in {n} s."),
    500: m(
        "Something failed on our side. Nothing was changed; your text is kept. "
        "The platform team was told."
    ),
    503: m("The system is being upgraded or is overloaded. Try again in {n} s."),
}
TITLES: Mapping[int, str] = {
    401: m("Signed out"),
    403: m("Not permitted"),
    404: m("Not found"),
    405: m("Not possible"),
    409: m("Changed meanwhile"),
    412: m("Changed meanwhile"),
    413: m("Not saved"),
    422: m("Not saved"),
    428: m("Changed meanwhile"),
    429: m("Too many requests"),
    500: m("Not carried out"),
    503: m("Not available now"),
}
# Refusals whose status alone would say the wrong thing.
_BY_SLUG: Mapping[str, tuple[str, str]] = {
    "foreign-form": (
        m("Not carried out"),
        m("This form was drawn for another session. Open the page again and send it from there."),
    ),
    "in-flight": (
        m("Still being carried out"),
        m("Your first click is being carried out. Open the page again to see its result."),
    ),
    "idempotency-key-reused": (
        m("Not carried out"),
        m("This form was sent before with other content. Open the page again and send it anew."),
    ),
}
# Whom to ask for a right that one's role does not give.
_OWNERS: Mapping[Role, str] = {
    Role.COUNTY_CLERK: m("the retention owner of your county"),
    Role.STORE_CLERK: m("the retention owner of your county"),
    Role.MANAGER: m("your work-group lead"),
    Role.PART_TIME_MANAGER: m("your work-group lead"),
}
_NOBODY_NEARER = m("the platform engineer")


@dataclass(frozen=True)
class Typed:
    """A field as it was sent."""

    name: str
    text: str


def page_of_refusal(request: Request, refusal: Refusal) -> Response:
    """The page; or, for whoever merely opened an address, the way to the login page."""
    if getattr(request.state, "session", None) is None:
        request.state.session = session_in(request)
    if refusal.status == HTTPStatus.UNAUTHORIZED and _merely_looks(request):
        return RedirectResponse(login_address(request), HTTPStatus.SEE_OTHER)
    seconds = int(refusal.headers.get("Retry-After", RETRY_SECONDS))
    title, text = _told(refusal)
    response = draw(
        request,
        "refused.html",
        status=refusal.status,
        code=refusal.status,
        title=title,
        text=_filled(request, refusal, text, seconds),
        typed=_typed(request),
        login=login_address(request),
    )
    response.headers.update(refusal.headers)
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(seconds))
    return response


def login_address(request: Request) -> str:
    """The login page, and from there back to where one was."""
    back = own_path(_page_of(request), "/")
    return LOGIN if back == "/" else f"{LOGIN}?{urlencode({'next': back})}"


def _page_of(request: Request) -> str:
    """The page one was on: what was opened, or the page whose form was sent."""
    if request.method in SAFE_METHODS:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    origin = f"{request.url.scheme}://{request.url.netloc}"
    return request.headers.get("referer", "").removeprefix(origin)


def _merely_looks(request: Request) -> bool:
    return request.method in SAFE_METHODS and "hx-request" not in request.headers


def _told(refusal: Refusal) -> tuple[str, str]:
    """Title and text; of a status that nobody foresaw, what its kind means."""
    otherwise = 405 if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR else 500
    status = refusal.status if refusal.status in TEXTS else otherwise
    return _BY_SLUG.get(refusal.slug, (TITLES[status], TEXTS[status]))


def _filled(request: Request, refusal: Refusal, text: str, seconds: int) -> str:
    words = words_for(request)
    session = session_of(request)
    roles = ranked(session.caller.roles) if session else []
    errors = len(cast("Sequence[object]", refusal.members.get("errors", [refusal])))
    return words.t(
        text,
        n=seconds,
        role=words.t(ROLE_NAMES[roles[0]]) if roles else "—",
        owner=words.t(_OWNERS.get(roles[0], _NOBODY_NEARER) if roles else _NOBODY_NEARER),
        things=words.tn("{n} thing to fix", "{n} things to fix", errors),
    )


def _typed(request: Request) -> list[Typed]:
    """What the person typed, if a form was read before the refusal; files are not kept."""
    form: FormData | None = getattr(request, "_form", None)
    if form is None:
        return []
    return [
        Typed(name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and value.strip() and name not in _OURS
    ]
