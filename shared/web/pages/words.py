"""The product's words in two languages; a text is named by its English form (its msgid)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

SHELL = "shared.web.pages"
"""The package whose words every page may use."""


class Language(StrEnum):
    """A catalogue that exists; the first is the default."""

    ZH = "zh_Hans_CN"
    EN = "en"

    @property
    def tag(self) -> str:
        """As HTML names it (BCP 47); the region makes browsers choose the right Han glyphs."""
        return "zh-CN" if self is Language.ZH else "en"


@dataclass(frozen=True)
class Words:
    """One language's texts. `{x}` in a text is a variable, filled by name."""

    language: Language
    texts: Mapping[str, tuple[str, ...]]

    def t(self, msgid: str, **values: object) -> str:
        """The text of `msgid` in this language; in English it is the text itself."""
        found = self.texts.get(msgid)
        return (found[0] if found else msgid).format(**values)

    def tn(self, one: str, many: str, n: int, **values: object) -> str:
        """The text that fits the number `n`, which is also a variable of it."""
        found = self.texts.get(one) or (one, many)
        plural = found[0 if n == 1 or len(found) == 1 else 1]
        return plural.format(n=f"{n:,}", **values)


def msgid(text: str) -> str:
    """Marks a text in a table for the catalogues; `Words.t` is asked for it where it is shown."""
    return text


def words_of(language: Language, packages: Iterable[str] = ()) -> Words:
    """The shell's texts and those of some packages beside it."""
    texts: dict[str, tuple[str, ...]] = {}
    for package in (SHELL, *packages):
        texts |= _texts(read_catalogue(package, language))
    return Words(language, texts)


def catalogue_file(package: str, language: Language) -> Traversable:
    """Where a package keeps its texts in one language."""
    return files(package) / "locale" / f"{language}.po"


@cache
def read_catalogue(package: str, language: Language) -> Catalog:
    """A package's catalogue as its file says; an empty one where it has none."""
    file = catalogue_file(package, language)
    content = file.read_bytes() if file.is_file() else b""
    return read_po(BytesIO(content), locale=str(language), abort_invalid=True)


def _texts(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id or message.fuzzy or not message.string:
            continue
        name = message.id if isinstance(message.id, str) else message.id[0]
        text = message.string
        found[name] = (text,) if isinstance(text, str) else tuple(text)
    return found
