"""Every text of every page is in both catalogues, translated, with its variables, still said."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from holdfast import translations
from shared.web.pages.words import Language, Words, words_of

HAN = re.compile(r"[\u4e00-\u9fff]")

every_catalogue = pytest.mark.parametrize(
    ("package", "language"),
    [(package, language) for package in translations.packages() for language in Language],
)


def test_there_are_packages_with_words() -> None:
    assert {translations.SHELL, translations.HOME} <= set(translations.packages())
    assert all(len(translations.said(package)) > 10 for package in translations.packages())


@every_catalogue
def test_a_catalogue_is_complete(package: str, language: Language) -> None:
    """`holdfast translations` adds what is missing; the Chinese is then yours to write."""
    assert list(translations.gaps(package, language)) == []


@every_catalogue
def test_each_language_says_it_in_its_own_script(package: str, language: Language) -> None:
    for message in translations.translated(package, language):
        text = message.string if isinstance(message.string, str) else " ".join(message.string or ())
        if message.id and language is Language.EN:
            assert not HAN.search(text)
        elif message.id and re.search("[a-z]{3}", re.sub(r"\{\w+\}", "", str(message.id))):
            assert HAN.search(text), f"{message.id} has no Chinese"


@pytest.mark.parametrize("package", translations.packages())
def test_chinese_is_set_as_chinese(package: str) -> None:
    """Full-width marks beside Han, one space between Han and Latin letters or digits."""
    for message in translations.translated(package, Language.ZH):
        text = message.string if isinstance(message.string, str) else " ".join(message.string or ())
        shown = re.sub(r"\{\w+\}", "7", text)
        assert not re.search(r"[\u4e00-\u9fff][,;:!?]", shown), text
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z]|[A-Za-z][\u4e00-\u9fff]", shown), text
        assert "！" not in shown


def test_a_text_that_nobody_translated_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text('{{ t("New text of {name}") }}{{ t("Known") }}')
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale/zh_Hans_CN.po").write_text(
        '#, fuzzy\nmsgid "Known"\nmsgstr "已知"\n\nmsgid "Old"\nmsgstr "旧"\n', encoding="utf-8"
    )

    def folder(_package: str) -> Path:
        return tmp_path

    monkeypatch.setattr(translations, "_folder", folder)

    assert list(translations.gaps("x", Language.ZH)) == [
        "'New text of {name}' is not in the catalogue",
        "'Known' is fuzzy",
        "nobody says 'Old' any more",
    ]
    assert translations.renew("x") == ["New text of {name}"]
    assert isinstance(translations.translated("x", Language.EN), Catalog)


def test_a_number_chooses_its_form() -> None:
    chinese: Words = words_of(Language.ZH)
    english: Words = words_of(Language.EN)

    assert english.tn("{n} thing to fix", "{n} things to fix", 1) == "1 thing to fix"
    assert english.tn("{n} thing to fix", "{n} things to fix", 2) == "2 things to fix"
    assert chinese.tn("{n} thing to fix", "{n} things to fix", 2) == "有 2 处需要修改"
