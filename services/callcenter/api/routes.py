"""The one router of callcenter, and what its operations have in common."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.web.operations import operations

router = operations()


BusinessTime = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
"""A moment that calendars reach."""
