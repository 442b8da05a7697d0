"""A real Chromium, the pages behind one address, and who signs people in; one of each for all."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import sample_pages
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from holdfast.ready_users import write_ready_users
from holdfast.stack.ports import free_ports
from holdfast.web_process import create_apps, mount
from shared.identity import Caller, Role
from shared.web.pages.sessions import Sessions

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Root needs the first; the others keep it from asking for anything that is not ours.
OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 30
WAIT_MS = 10_000
CLERK = Caller("clerk-990101-1", "李敏", frozenset({Role.COUNTY_CLERK}), "990101")
AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@dataclass(frozen=True)
class Site:
    """Where the pages are, and the key that seals their sessions."""

    url: str
    session_key: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    users = folder / "ready-users.json"
    write_ready_users(users)
    web, identity = free_ports(2)
    made = Site(f"http://127.0.0.1:{web}", "k" * 64)
    told = {
        "HOLDFAST_PUBLIC_URL": made.url,
        "HOLDFAST_SESSION_KEY": made.session_key,
        "HOLDFAST_OIDC_ISSUER": f"http://127.0.0.1:{identity}",
        "HOLDFAST_OIDC_CLIENT_ID": "holdfast",
        "HOLDFAST_OIDC_CLIENT_SECRET": "any",
        "HOLDFAST_READY_USERS": str(users),
    }
    command = [sys.executable, "-m", "holdfast", "identity", "--port", str(identity)]
    with (
        (folder / "identity.log").open("w") as log,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in told.items():
            environment.setenv(name, value)
        provider = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            with _serving(made, web):
                _wait(f"http://127.0.0.1:{identity}/readyz")
                yield made
        finally:
            provider.terminate()
            provider.wait()


@contextmanager
def _serving(site: Site, port: int) -> Generator[None]:
    apps = create_apps(["home"])
    apps["sample"] = sample_pages.create_app(site.session_key, site.url)
    server = uvicorn.Server(
        uvicorn.Config(mount(apps), port=port, lifespan="off", log_config=None, access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _wait(f"{site.url}/login")
        yield
    finally:
        server.should_exit = True
        thread.join()


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx2.get(url, timeout=START_SECONDS)
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with its module: while Playwright runs, no other test may run a loop of its own."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium here: install chromium and fonts-noto-cjk (.ci/run does)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def window(chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    """One window for all, so that style and script are fetched once."""
    context = chromium.new_context(
        base_url=site.url, viewport={"width": 1280, "height": 800}, locale="zh-CN"
    )
    context.set_default_timeout(WAIT_MS)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A tab of somebody whom nobody knows yet."""
    window.clear_cookies()
    tab = window.new_page()
    yield tab
    tab.close()


@pytest.fixture
def clerk(page: Page, site: Site) -> Page:
    """The page of a county clerk who signed in before."""
    sessions = Sessions(site.session_key, public_url=site.url)
    sealed = sessions.seal(sessions.begin(CLERK))
    page.context.add_cookies([{"name": sessions.cookie, "value": sealed, "url": site.url}])
    return page
