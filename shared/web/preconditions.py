"""ETag and If-Match: who changes something says which version they saw (RFC 9110, section 13)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from shared.errors import PreconditionFailed, PreconditionRequired

HEADER_LENGTH_MAX = 500


def etag_of(version: int) -> str:
    """The strong validator of a row's version."""
    return f'"{version}"'


@dataclass(frozen=True)
class Precondition:
    """The versions on which the caller would act."""

    tags: frozenset[str]

    def require(self, version: int) -> None:
        """Go on only if the caller saw this version; call it after the row is locked.

        Raises:
            PreconditionFailed: it has changed since.
        """
        if "*" not in self.tags and etag_of(version) not in self.tags:
            raise PreconditionFailed(f"It is at version {version} now")


async def if_match(
    header: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=HEADER_LENGTH_MAX,
            description="The ETag of what you read",
        ),
    ] = None,
) -> Precondition:
    """The caller's precondition.

    Raises:
        PreconditionRequired: there is none.
    """
    if header is None:
        raise PreconditionRequired
    return Precondition(frozenset(tag.strip() for tag in header.split(",")))


IfMatch = Annotated[Precondition, Depends(if_match)]
