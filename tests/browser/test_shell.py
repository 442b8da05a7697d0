"""The shell in a real browser: signing in and out, both languages, dark, keys, and axe-core."""

import time
from dataclasses import replace
from typing import Any

import pytest
from conftest import AXE, CLERK, Site
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize

from shared.web.pages.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, Sessions

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=800)


def violations(page: Page) -> list[str]:
    """What axe-core finds; scripts of tests may come in where the policy lets no page's do so."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def choose(page: Page, **wanted: str) -> None:
    """Save settings by their values."""
    page.goto("/me")
    for name, value in wanted.items():
        page.locator(f'input[name="{name}"][value="{value}"]').check()
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/me?saved=true")


@pytest.mark.requirement("XC-01")
def test_a_clerk_signs_in_with_one_click_and_out_again(page: Page, site: Site) -> None:
    page.goto("/login")
    page.get_by_role("link", name="李敏").click()
    page.wait_for_url("**/me")
    clerk = page
    assert clerk.evaluate("document.cookie") == "", "a script could take the session away"
    assert "李敏" in clerk.locator(".hf-answer").inner_text()
    assert "区县营业员" in clerk.locator(".hf-answer").inner_text()
    clerk.get_by_text("李敏").first.click()
    clerk.get_by_role("button", name="退出登录").click()
    clerk.wait_for_url("**/login?out=true")
    assert "holdfast" not in {cookie.get("name") for cookie in clerk.context.cookies()}
    clerk.goto("/me")
    assert clerk.url == f"{site.url}/login?next=%2Fme"


def test_the_login_leads_back_to_where_one_was(page: Page) -> None:
    page.goto("/sample/page?sort=at")
    page.get_by_role("link", name="陈涛").click()
    page.wait_for_url("**/sample/page?sort=at")


def test_english_is_complete_and_kept(clerk: Page) -> None:
    choose(clerk, language="en")
    assert clerk.locator("html").get_attribute("lang") == "en"
    assert clerk.locator("h1").inner_text() == "Settings"
    clerk.goto("/nowhere")
    assert "The number may be wrong" in clerk.locator("main").inner_text()


def test_whoever_cannot_read_the_login_page_changes_its_language(page: Page) -> None:
    page.goto("/login?next=/me")
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("link", name="Sign in with your company account").is_visible()
    assert page.url.endswith("next=%2Fme")


def test_dark_is_the_servers_answer_and_needs_no_script(clerk: Page) -> None:
    choose(clerk, theme="dark")
    assert clerk.locator("html").get_attribute("data-bs-theme") == "dark"
    assert clerk.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 23, 23)"


def test_the_first_key_leads_past_the_frame(clerk: Page) -> None:
    clerk.goto("/me")
    clerk.keyboard.press("Tab")
    assert clerk.evaluate("document.activeElement.className") == "hf-skip"
    clerk.keyboard.press("Enter")
    assert clerk.evaluate("document.activeElement.id") == "main"


def test_the_keys_of_a_page_are_listed_and_can_be_switched_off(clerk: Page) -> None:
    clerk.goto("/sample/page")
    clerk.locator("body").press("?")
    assert clerk.locator("#hf-keys").is_visible()
    assert clerk.locator("#hf-keys dt").all_inner_texts() == ["r", "m"]
    clerk.keyboard.press("Escape")
    clerk.locator("#words").fill("")
    clerk.locator("#words").press("m")
    assert not clerk.url.endswith("#a")
    clerk.locator("h1").click()
    clerk.locator("body").press("m")
    assert clerk.url.endswith("#a")
    choose(clerk, keys="off")
    clerk.goto("/sample/page")
    clerk.locator("body").press("m")
    assert not clerk.url.endswith("#a")


def test_a_forged_form_is_refused_and_its_text_shown(clerk: Page) -> None:
    clerk.goto("/sample/page")
    clerk.locator("#words").fill("<b>mine</b>")
    clerk.evaluate(
        "document.querySelectorAll('main [name=form_token]').forEach(f => { f.value = 'x' })"
    )
    clerk.locator("main button.btn-primary").click()
    clerk.locator(".hf-typed").wait_for()
    assert clerk.locator(".hf-typed dd").first.inner_text() == "<b>mine</b>"


def test_a_session_that_is_about_to_end_says_so(clerk: Page, site: Site) -> None:
    clerk.goto("/sample/page")
    assert not clerk.locator(".hf-ending").is_visible()
    began = int(time.time()) - ABSOLUTE_SECONDS + 240
    sessions = Sessions(site.session_key, public_url=site.url)
    sealed = sessions.seal(replace(sessions.begin(CLERK), began=began))
    clerk.context.add_cookies([{"name": sessions.cookie, "value": sealed, "url": site.url}])
    clerk.goto("/sample/page")
    clerk.get_by_role("link", name="继续使用").wait_for()


def test_htmx_sends_the_forms_token_and_puts_in_what_comes(clerk: Page) -> None:
    clerk.goto("/sample/page")
    clerk.locator("[hx-post]").click()
    clerk.get_by_text("by htmx").wait_for()
    assert clerk.locator("h1").count() == 1


def test_a_fragment_after_the_session_opens_the_login_page_and_keeps_the_text(clerk: Page) -> None:
    clerk.goto("/sample/page")
    clerk.locator("#words").fill("typed for minutes")
    clerk.context.clear_cookies()
    clerk.locator("[hx-post]").click()
    clerk.wait_for_url("**/login?next=%2Fsample%2Fpage")
    clerk.get_by_role("link", name="李敏").click()
    clerk.wait_for_url("**/sample/page")
    assert clerk.locator("#words").input_value() == "typed for minutes"


def test_a_session_that_ends_within_a_form_loses_no_text(
    clerk: Page, window: BrowserContext, site: Site
) -> None:
    clerk.goto("/sample/page")
    clerk.locator("#words").fill("typed for minutes")
    sessions = Sessions(site.session_key, public_url=site.url)
    earlier = Sessions(
        site.session_key, public_url=site.url, now=lambda: sessions.now() - IDLE_SECONDS
    )
    over = earlier.seal(earlier.begin(CLERK))
    window.add_cookies([{"name": sessions.cookie, "value": over, "url": site.url}])
    clerk.locator("main button.btn-primary").click()
    clerk.locator(".hf-typed").wait_for()
    assert "登录已过期" in clerk.locator("main").inner_text()
    assert "typed for minutes" in clerk.locator(".hf-typed").inner_text()
    clerk.get_by_role("link", name="重新登录").click()
    clerk.get_by_role("link", name="李敏").click()
    clerk.wait_for_url("**/sample/page")
    assert clerk.locator("#words").input_value() == "typed for minutes"
    assert "已恢复你在" in clerk.locator("form .hf-notice").first.inner_text()
    clerk.locator("main button.btn-primary").click()
    clerk.wait_for_url("**/sample/page?sent=*")
    clerk.goto("/sample/page")
    assert clerk.locator("#words").input_value() == ""


@pytest.mark.parametrize(
    ("size", "theme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_every_page_is_free_of_violations_and_of_sideways_scrolling(
    clerk: Page, size: ViewportSize, theme: str
) -> None:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "404" not in message.text:
            complaints.append(message.text)

    clerk.on("console", note)
    choose(clerk, theme=theme)
    clerk.set_viewport_size(size)
    for path in ("/me", "/sample/page", "/nowhere"):
        clerk.goto(path)
        assert violations(clerk) == [], path
        assert clerk.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    clerk.context.clear_cookies()
    clerk.goto("/login")
    assert violations(clerk) == []
    assert complaints == []
