"""How a person wants the pages: language, theme, keys, in a cookie that anybody may read."""

from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from shared.web.pages.words import Language

COOKIE = "holdfast-me"
KEPT_SECONDS = 365 * 24 * 60 * 60


class Theme(StrEnum):
    """Light, dark, or what the person's system says."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Keys(StrEnum):
    """Whether single letters act on a page."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True)
class Preferences:
    """Chinese by default, whatever the browser was installed with."""

    language: Language = Language.ZH
    theme: Theme = Theme.SYSTEM
    keys: Keys = Keys.ON


def preferences_of(request: Request) -> Preferences:
    """What the cookie says; of what it says wrongly, the default."""
    language, theme, keys = [*request.cookies.get(COOKIE, "").split("."), "", "", ""][:3]
    return Preferences(
        Language(language) if language in set(Language) else Language.ZH,
        Theme(theme) if theme in set(Theme) else Theme.SYSTEM,
        Keys(keys) if keys in set(Keys) else Keys.ON,
    )


def set_preferences(response: Response, wanted: Preferences, *, secure: bool) -> None:
    response.set_cookie(
        COOKIE,
        f"{wanted.language}.{wanted.theme}.{wanted.keys}",
        max_age=KEPT_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
