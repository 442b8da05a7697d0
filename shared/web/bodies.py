"""What a request's body may be: named fields only, and text that a database can hold."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, model_validator


class RequestBody(BaseModel):
    """Base of every model that comes in: frozen, and a field it does not name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, data: Any) -> Any:  # noqa: ANN401 - whatever was sent.
        # PostgreSQL's text cannot hold U+0000, JSON can.
        if _has_nul(data):
            raise ValueError("text with the character U+0000 cannot be kept")
        return data


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(map(_has_nul, cast("dict[str, object]", value).values()))
        case list():
            return any(map(_has_nul, cast("list[object]", value)))
        case _:
            return False
