"""Pages of a service: signed in, of one's own county, once, on the version that was drawn."""

import html
import re
from collections.abc import AsyncGenerator, Callable
from uuid import uuid4

import httpx2
import notes_app
import notes_pages
import pytest
from notes_parts import NotesDatabase, serving

from shared.identity import Caller, Role
from shared.web.app import create_app
from shared.web.doorway import Doorway
from shared.web.pages.sessions import IDLE_SECONDS, Session, Sessions
from shared.web.pages.shell import Shell, open_shell

ORIGIN = "http://notes"
BROWSER = {"Accept": "text/html", "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
CLERK = Caller("store-990101001-1", "马丽", frozenset({Role.STORE_CLERK}), "990101001")


@pytest.fixture(scope="module")
def shell() -> Shell:
    return open_shell("notes_pages", session_key="k" * 64, public_url=ORIGIN)


@pytest.fixture
def session(shell: Shell) -> Session:
    return shell.sessions.begin(CLERK)


@pytest.fixture
async def browser(
    doorway: Doorway, shell: Shell, session: Session
) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(
        doorway,
        title="notes",
        routers=[notes_app.router, notes_app.faults, notes_pages.router],
        shell=shell,
    )
    async with serving(app) as client:
        client.headers.update(BROWSER)
        client.cookies.set(shell.sessions.cookie, shell.sessions.seal(session))
        yield client


@pytest.fixture
async def note_id(browser: httpx2.AsyncClient, as_role: Callable[..., dict[str, str]]) -> str:
    headers = as_role(key=uuid4().hex)
    made = await browser.post(
        "/v1/notes",
        json={"county": "990101", "words": "<script>alert(1)</script>"},
        headers=headers,
    )
    assert made.status_code == 201, made.text
    return made.json()["note_id"]


def fields(page: str) -> dict[str, str]:
    """What the page's form carries for the machine."""
    last = page.rsplit('<form method="post" data-draft', 1)[1]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', last))


async def test_a_page_shows_what_the_person_may_see_and_escapes_it(
    browser: httpx2.AsyncClient, note_id: str
) -> None:
    page = await browser.get(f"/notes/{note_id}")

    assert page.status_code == 200
    assert html.escape("<script>alert(1)</script>") in page.text
    assert "<script>alert" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"


async def test_another_countys_page_does_not_exist(
    browser: httpx2.AsyncClient, note_id: str, shell: Shell
) -> None:
    stranger = Caller("store-990102001-1", "罗军", frozenset({Role.STORE_CLERK}), "990102001")
    browser.cookies.set(shell.sessions.cookie, shell.sessions.seal(shell.sessions.begin(stranger)))
    page = await browser.get(f"/notes/{note_id}")

    assert page.status_code == 404
    assert "没有找到此内容" in page.text


async def test_a_role_without_the_right_is_told_whom_to_ask(
    browser: httpx2.AsyncClient, note_id: str, shell: Shell
) -> None:
    manager = Caller("manager-01", "赵倩", frozenset({Role.MANAGER}), "990101")
    browser.cookies.set(shell.sessions.cookie, shell.sessions.seal(shell.sessions.begin(manager)))
    page = await browser.get(f"/notes/{note_id}")

    assert page.status_code == 403
    assert "你的岗位（客户经理）没有此操作的权限。需要时请联系工作组组长。" in page.text


async def test_a_form_is_carried_out_once_however_often_it_is_sent(
    browser: httpx2.AsyncClient, note_id: str, notes_database: NotesDatabase
) -> None:
    drawn = fields((await browser.get(f"/notes/{note_id}")).text)
    answers = [
        await browser.post(f"/notes/{note_id}", data={**drawn, "words": "once"}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    other = await browser.post(f"/notes/{note_id}", data={**drawn, "words": "twice"})
    assert (other.status_code, "此表单已提交过其他内容" in other.text) == (422, True)
    assert answers[1].headers["location"] == f"/notes/{note_id}"
    [row] = await notes_database.fetch(f"SELECT version FROM note WHERE id = '{note_id}'")  # noqa: S608 - our own id.
    assert row["version"] == 2


async def test_what_was_decided_on_an_older_state_is_refused_and_the_text_kept(
    browser: httpx2.AsyncClient, note_id: str
) -> None:
    first, second = [fields((await browser.get(f"/notes/{note_id}")).text) for _ in range(2)]
    await browser.post(f"/notes/{note_id}", data={**first, "words": "first"})
    late = await browser.post(f"/notes/{note_id}", data={**second, "words": "my own <b>words</b>"})

    assert late.status_code == 412
    assert "此内容已被更新，你的操作没有执行。" in late.text
    assert html.escape("my own <b>words</b>") in late.text
    assert second["form_token"] not in late.text.split("hf-typed", 1)[1]


@pytest.mark.parametrize(
    ("changed", "headers"),
    [
        ({"form_token": "forged"}, {}),
        ({"form_token": ""}, {}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
async def test_a_form_of_another_site_or_session_is_refused(
    browser: httpx2.AsyncClient, note_id: str, changed: dict[str, str], headers: dict[str, str]
) -> None:
    drawn = fields((await browser.get(f"/notes/{note_id}")).text)
    sent = {**drawn, "words": "forged", **changed}
    refused = await browser.post(f"/notes/{note_id}", data=sent, headers=headers)

    assert refused.status_code == 403
    assert "此表单属于另一次登录" in refused.text
    again = await browser.post(f"/notes/{note_id}", data={**drawn, "words": "mine"})
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"words": ""}, 422), ({"words": "x" * 201}, 422), ({"words": "x" * 10_000_000}, 413)],
)
async def test_what_cannot_be_saved_says_so(
    browser: httpx2.AsyncClient, note_id: str, sent: dict[str, str], status: int
) -> None:
    drawn = fields((await browser.get(f"/notes/{note_id}")).text)
    refused = await browser.post(f"/notes/{note_id}", data={**drawn, **sent})

    assert refused.status_code == status
    assert "内容没有保存" in refused.text


async def test_who_is_signed_out_goes_to_the_login_page_and_comes_back(
    browser: httpx2.AsyncClient, note_id: str
) -> None:
    browser.cookies.clear()
    page = await browser.get(f"/notes/{note_id}?open=1")

    assert page.status_code == 303
    assert page.headers["location"] == f"/login?next=%2Fnotes%2F{note_id}%3Fopen%3D1"


async def test_a_session_that_ends_within_a_form_loses_no_text(
    browser: httpx2.AsyncClient, note_id: str
) -> None:
    drawn = fields((await browser.get(f"/notes/{note_id}")).text)
    browser.cookies.clear()
    refused = await browser.post(
        f"/notes/{note_id}",
        data={**drawn, "words": "typed for minutes"},
        headers={"Referer": f"{ORIGIN}/notes/{note_id}"},
    )

    assert refused.status_code == 401
    assert "typed for minutes" in refused.text
    assert f"/login?next=%2Fnotes%2F{note_id}" in refused.text


async def test_a_fragment_of_somebody_signed_out_is_no_login_page(
    browser: httpx2.AsyncClient, note_id: str
) -> None:
    browser.cookies.clear()
    refused = await browser.get(f"/notes/{note_id}", headers={"HX-Request": "true"})

    assert refused.status_code == 401


async def test_machines_get_problems_and_a_cookie_opens_no_operation(
    browser: httpx2.AsyncClient, note_id: str
) -> None:
    as_browser = await browser.get(f"/v1/notes/{note_id}")
    as_machine = await browser.get("/nowhere", headers={"Accept": "application/json"})

    assert as_browser.status_code == 401
    assert as_browser.headers["content-type"] == "application/problem+json"
    assert as_machine.headers["content-type"] == "application/problem+json"


async def test_a_token_opens_no_page(
    browser: httpx2.AsyncClient, note_id: str, as_role: Callable[..., dict[str, str]]
) -> None:
    browser.cookies.clear()
    page = await browser.get(f"/notes/{note_id}", headers=as_role())

    assert page.status_code == 303


async def test_an_act_renews_the_session_at_most_once_a_minute(
    browser: httpx2.AsyncClient, note_id: str, shell: Shell, session: Session
) -> None:
    fresh = await browser.get(f"/notes/{note_id}")
    assert "set-cookie" not in fresh.headers
    earlier = Sessions("k" * 64, public_url=ORIGIN, now=lambda: session.began - IDLE_SECONDS / 2)
    browser.cookies.set(shell.sessions.cookie, earlier.seal(session))
    renewed = await browser.get(f"/notes/{note_id}")

    assert renewed.headers["set-cookie"].startswith(f"{shell.sessions.cookie}=")
