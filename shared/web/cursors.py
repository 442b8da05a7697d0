"""Lists by keyset: a page begins after the last row of the one before, however far that is."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ValidationError

from shared.errors import Malformed

PAGE_ROWS = 50
PAGE_ROWS_MAX = 200  # a page is one answer of some 100 KiB, one statement far below its time limit
CURSOR_LENGTH_MAX = 512

Item = TypeVar("Item")
Position = TypeVar("Position", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX, description="Rows of a page")]
Cursor = Annotated[
    str | None,
    Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before"),
]


class MalformedCursor(Malformed):
    slug = "malformed-cursor"
    title = "This is no cursor of this list; begin again without one"


class Page(BaseModel, Generic[Item]):
    """Some rows and how to go on; without `next_cursor` this is the end."""

    items: Sequence[Item]
    next_cursor: str | None = None


def cursor_of(position: BaseModel) -> str:
    """An opaque cursor that points behind `position`, a row's sort key."""
    return base64.urlsafe_b64encode(position.model_dump_json().encode()).decode().rstrip("=")


def position_in(cursor: str | None, kind: type[Position]) -> Position | None:
    """The position a cursor points behind; None: at the beginning.

    A cursor can be forged, so whatever it says is only a place to begin: what the caller may see
    is decided elsewhere.

    Raises:
        MalformedCursor: it is not one that this list gave.
    """
    if cursor is None:
        return None
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return kind.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, ValidationError) as error:
        raise MalformedCursor from error
