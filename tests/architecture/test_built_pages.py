"""What pages promise of themselves: entries lead somewhere, files are what they were, no style."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from fastapi import APIRouter
from sources import ROOT, named, tracked

from holdfast.vendored import FOLDER, ICON_NAMES, LIST, sha384
from shared.web.home import login, me
from shared.web.pages.navigation import BUILT, NAVIGATION

TEMPLATES = [path for path in tracked() if path.suffix == ".html" and "templates" in path.parts]


every_template = pytest.mark.parametrize("path", TEMPLATES, ids=named)


def served() -> set[str]:
    """The paths of all pages, as people type them."""
    found = _paths("", login.router) | _paths("", me.router)
    for place in sorted(ROOT.glob("services/*/pages*")):
        module = import_module(f"services.{place.parent.name}.pages")
        found |= _paths(f"/{place.parent.name}", module.router)
    return found


def _paths(prefix: str, router: APIRouter) -> set[str]:
    return {f"{prefix}{getattr(route, 'path', '')}".rstrip("/") or "/" for route in router.routes}


def test_every_entry_of_the_navigation_that_shows_leads_to_a_page() -> None:
    assert served() >= BUILT


def test_every_page_that_the_navigation_knows_is_shown() -> None:
    known = {entry.path for entries in NAVIGATION.values() for entry in entries}

    # The start page is home's own address; it becomes a page of its own with the funnel.
    assert (known & served()) - BUILT <= {"/"}


def test_vendored_files_are_those_of_the_list() -> None:
    listed = json.loads((FOLDER / LIST).read_text())

    assert len(listed) >= 4
    for name, entry in listed.items():
        assert entry["sha384"] == sha384((FOLDER / name).read_bytes()), name
        assert entry["licence"]
    assert len(list(FOLDER.glob("LICENSE.*"))) == 3
    sprite = (FOLDER / "icons.svg").read_text()
    assert set(re.findall(r'symbol id="([^"]+)"', sprite)) == set(
        (FOLDER / ICON_NAMES).read_text().split()
    )


def test_templates_were_found() -> None:
    assert len(TEMPLATES) > 15


@every_template
def test_a_template_has_no_style_and_no_script_of_its_own(path: Path) -> None:
    """The policy of content would not let them work."""
    text = path.read_text()

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text)
    assert not re.search(r"https?://", text), "an intranet reaches no other host"
    assert "| safe" not in text, "what people typed is always escaped"
