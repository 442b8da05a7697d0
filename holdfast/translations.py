"""The catalogues of the pages: what templates and code say, and what the files translate.

`holdfast translations` adds what is new and drops what is no longer said; the Chinese of a new text
is then written by hand. A test refuses a text without translation, a fuzzy one and a stale file.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from holdfast.contracts import ROOT
from shared.web.pages.words import SHELL, Language

HOME = "shared.web.home"
# How templates and code ask for a text, and how tables mark one.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"t": None, "tn": (1, 2), "m": None, "msgid": None}
_PLACE = re.compile(r"\{(\w+)\}")
LINE_WIDTH = 100


def packages() -> list[str]:
    """Who has words of their own: the shell, home, and every service with pages."""
    services = [f"services.{path.parent.name}" for path in ROOT.glob("services/*/templates")]
    return [SHELL, HOME, *sorted(services)]


def said(package: str) -> Catalog:
    """Every text that the templates and the code of a package say."""
    catalogue = Catalog(charset="utf-8")
    for path in _sources(_folder(package)):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {"trimmed": "true"}
        found = extract_from_file(method, path, keywords=KEYWORDS, options=options)
        for _line, text, _comments, _context in found:
            if text and all(text):
                catalogue.add(tuple(text) if isinstance(text, tuple | list) else text)
    return catalogue


def translated(package: str, language: Language) -> Catalog:
    """What the file says now; an empty catalogue if there is none."""
    file = catalogue_path(package, language)
    content = file.read_bytes() if file.exists() else b""
    return read_po(BytesIO(content), locale=str(language), abort_invalid=True)


def catalogue_path(package: str, language: Language) -> Path:
    return _folder(package) / "locale" / f"{language}.po"


def renew(package: str) -> list[str]:
    """Bring a package's files up to what it says; the texts that now wait for a translation."""
    waiting: list[str] = []
    for language in Language:
        fresh = Catalog(locale=str(language), charset="utf-8", fuzzy=False)
        known = translated(package, language)
        for message in said(package):
            if message.id:
                fresh.add(message.id, _text(message, known, language))
        file = catalogue_path(package, language)
        file.parent.mkdir(exist_ok=True)
        with file.open("wb") as out:
            write_po(out, fresh, width=LINE_WIDTH, omit_header=True, sort_output=True)
        waiting += [
            str(message.id) for message in fresh if message.id and not all(_strings(message))
        ]
    return waiting


def gaps(package: str, language: Language) -> Iterator[str]:
    """What is wrong with a catalogue, a line each; nothing if it is complete."""
    texts, known = said(package), translated(package, language)
    for message in texts:
        if message.id:
            yield from _gaps_of(message, known.get(message.id))
    for message in known:
        if message.id and texts.get(message.id) is None:
            yield f"nobody says {message.id!r} any more"


def _gaps_of(message: Message, known: Message | None) -> Iterator[str]:
    if known is None:
        yield f"{message.id!r} is not in the catalogue"
        return
    if known.fuzzy:
        yield f"{message.id!r} is fuzzy"
    texts = _strings(known)
    if not all(texts):
        yield f"{message.id!r} has no translation"
    names = set(_PLACE.findall(str(message.id)))
    if any(set(_PLACE.findall(text)) - names for text in texts if text):
        yield f"{message.id!r} and its translation name other variables"


def _text(message: Message, known: Catalog, language: Language) -> str | tuple[str, ...]:
    found = known.get(message.id)
    if found is not None and all(_strings(found)):
        text = found.string or ""
        return text if isinstance(text, str) else tuple(text)
    if language is Language.EN:
        return message.id if isinstance(message.id, str) else tuple(message.id)
    return ""


def _strings(message: Message) -> list[str]:
    """The forms of a translation: one, or one for each number a language tells apart."""
    text = message.string or ""
    return [text] if isinstance(text, str) else list(text)


def _sources(folder: Path) -> list[Path]:
    return sorted([*folder.glob("templates/**/*.html"), *folder.rglob("*.py")])


def _folder(package: str) -> Path:
    return ROOT.joinpath(*package.split("."))
