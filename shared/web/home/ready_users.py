"""The people of a local stack, whom its login page offers; no other installation has any."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.events.event import OrganisationCode
from shared.identity import Role


class ReadyUser(BaseModel):
    """Somebody who may sign in at the local stack's provider with one click."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sub: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    org: OrganisationCode


USERS = TypeAdapter(tuple[ReadyUser, ...])


def read_users(file: Path | None) -> Sequence[ReadyUser]:
    """The users that `holdfast up` wrote down; nobody without a file."""
    return () if file is None else USERS.validate_json(file.read_bytes())
