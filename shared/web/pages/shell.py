"""What the pages of one application share: its templates, its words, and who opens sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from shared.web.pages.sessions import Sessions
from shared.web.pages.static_files import static_url
from shared.web.pages.words import SHELL, Language, Words, words_of


@dataclass(frozen=True)
class Column:
    """A table's head: `column(t("Due"), url="?sort=due", sorted="ascending")` in a template."""

    name: str
    number: bool = False
    url: str = ""
    sorted: str = ""


@dataclass(frozen=True)
class Shell:
    """Made by an application's wiring, reached by each of its requests."""

    sessions: Sessions
    environment: Environment
    words: Mapping[Language, Words]


def open_shell(package: str, *, session_key: str, public_url: str) -> Shell:
    """The shell of one application; `package` holds its own `templates/` and `locale/`.

    Raises:
        WeakKey: the session key could be guessed.
    """
    packages = () if package == SHELL else (package,)
    return Shell(
        sessions=Sessions(session_key, public_url=public_url),
        environment=environment_of(*packages),
        words={language: words_of(language, packages) for language in Language},
    )


def environment_of(*packages: str) -> Environment:
    """Templates that escape what they show and fail at a name that nobody gave them."""
    own = [package for package in packages if (files(package) / "templates").is_dir()]
    loaders = [PackageLoader(package) for package in (*own, SHELL)]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known = cast("dict[str, object]", environment.globals)
    known |= {"static": static_url, "column": Column}
    return environment


def shell_of(request: Request) -> Shell:
    return cast("Shell", request.app.state.shell)
