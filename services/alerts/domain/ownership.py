"""Whose a number was at a moment: numbers are recycled and transferred (contracts §4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar


class Owned(Protocol):
    """A number's assignment to one customer."""

    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_to(self) -> datetime | None: ...


A = TypeVar("A", bound=Owned)


def owner_at(assignments: Sequence[A], at: datetime) -> A | None:
    """The assignment of one number that was valid then; the latest to begin ends those before."""
    begun = [one for one in assignments if one.valid_from <= at]
    last = max(begun, key=lambda one: one.valid_from, default=None)
    if last is None or (last.valid_to is not None and at >= last.valid_to):
        return None
    return last
