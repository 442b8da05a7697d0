"""A session ends after an hour without an act and after twelve hours; nobody else can make one."""

import pytest
from starlette.responses import Response

from shared.identity import Caller, Role
from shared.web.pages.sessions import (
    ABSOLUTE_SECONDS,
    IDLE_SECONDS,
    RENEW_SECONDS,
    Sessions,
    WeakKey,
)
from shared.web.pages.signed_in import own_path

KEY = "k" * 64
CLERK = Caller("clerk-990101-1", "李敏", frozenset({Role.COUNTY_CLERK}), "990101")


class Watch:
    """A machine's clock in the hands of a test."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def sessions(watch: Watch) -> Sessions:
    return Sessions(KEY, public_url="http://127.0.0.1:8080", now=watch)


def test_a_cookie_names_its_caller(sessions: Sessions) -> None:
    opened = sessions.opened(sessions.seal(sessions.begin(CLERK)))

    assert opened is not None
    assert opened.caller == CLERK


def test_an_hour_without_an_act_ends_it_and_an_act_renews_it(
    sessions: Sessions, watch: Watch
) -> None:
    first = sessions.seal(sessions.begin(CLERK))
    watch.seconds += IDLE_SECONDS - 1
    opened = sessions.opened(first)
    assert opened is not None
    renewed = sessions.seal(opened)
    watch.seconds += 1
    assert sessions.opened(first) is None
    assert sessions.opened(renewed) is not None


def test_twelve_hours_end_it_whatever_was_done(sessions: Sessions, watch: Watch) -> None:
    session = sessions.begin(CLERK)
    for _ in range(0, ABSOLUTE_SECONDS - RENEW_SECONDS, IDLE_SECONDS // 2):
        watch.seconds += IDLE_SECONDS // 2
        opened = sessions.opened(sessions.seal(session))
        session = opened or session
    watch.seconds = session.began + ABSOLUTE_SECONDS

    assert sessions.opened(sessions.seal(session)) is None


@pytest.mark.parametrize(
    "cookie", [None, "", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "y" * 5_000]
)
def test_what_we_did_not_seal_opens_nothing(sessions: Sessions, cookie: str | None) -> None:
    assert sessions.opened(cookie) is None


def test_another_key_and_another_purpose_open_nothing(sessions: Sessions, watch: Watch) -> None:
    other = Sessions("o" * 64, public_url="http://127.0.0.1:8080", now=watch)
    sealed = sessions.seal(sessions.begin(CLERK))

    assert other.opened(sealed) is None
    assert sessions.unsealed("login", sealed) is None


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(WeakKey, match="HOLDFAST_SESSION_KEY"):
        Sessions("short", public_url="http://127.0.0.1")


def test_a_form_token_fits_its_session_alone(sessions: Sessions) -> None:
    mine, other = sessions.begin(CLERK), sessions.begin(CLERK)

    assert sessions.is_form_token(mine, sessions.form_token(mine))
    assert not sessions.is_form_token(mine, sessions.form_token(other))
    assert not sessions.is_form_token(mine, "é")


@pytest.mark.parametrize(
    ("address", "start", "secure"),
    [
        ("https://holdfast.example", "__Host-holdfast=", True),
        ("http://127.0.0.1:8080", "holdfast=", False),
    ],
)
def test_scripts_and_other_sites_do_not_get_the_cookie(
    address: str, start: str, *, secure: bool
) -> None:
    sessions, response = Sessions(KEY, public_url=address), Response()
    sessions.set(response, sessions.begin(CLERK))
    [cookie] = response.headers.getlist("set-cookie")

    assert cookie.startswith(start)
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) == secure
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [
        ("/ticketing/orders?open=1", "/ticketing/orders?open=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("/a\nb", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_nobody_is_sent_to_another_site(address: str | None, goes_to: str) -> None:
    assert own_path(address, "/") == goes_to
