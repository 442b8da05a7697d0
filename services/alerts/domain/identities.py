"""Whose number it was at a moment, for whole columns at once: sorted arrays (contracts §4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HASH_BYTES = 32
UNKNOWN = -1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FOR_EVER = np.iinfo(np.int64).max

Moments = NDArray[np.int64]
"""Microseconds since 1970."""


class Assigned(Protocol):
    """A number belongs to a customer from one time to another."""

    @property
    def number_hash(self) -> bytes: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_to(self) -> datetime | None: ...
    @property
    def customer_id(self) -> int: ...
    @property
    def county(self) -> str: ...


def moment(at: datetime) -> int:
    """Exact, where a float of seconds is not."""
    return (at - _EPOCH) // _MICROSECOND


@dataclass(frozen=True)
class Identities:
    """All assignments in the order of number and beginning; 64 bytes each."""

    hashes: NDArray[np.bytes_]
    begins: Moments
    ends: Moments
    customers: NDArray[np.int64]
    counties: NDArray[np.int32]

    @classmethod
    def of(cls, assigned: Sequence[Assigned]) -> "Identities":
        told = cls(
            np.array([one.number_hash for one in assigned], f"S{HASH_BYTES}"),
            np.array([moment(one.valid_from) for one in assigned], np.int64),
            np.array([_end(one.valid_to) for one in assigned], np.int64),
            np.array([one.customer_id for one in assigned], np.int64),
            np.array([int(one.county) for one in assigned], np.int32),
        )
        return _in_order(told)

    def merged(self, news: "Identities") -> "Identities":
        """With the newer word about an assignment in the place of the older."""
        both = Identities(
            np.concatenate([self.hashes, news.hashes]),
            np.concatenate([self.begins, news.begins]),
            np.concatenate([self.ends, news.ends]),
            np.concatenate([self.customers, news.customers]),
            np.concatenate([self.counties, news.counties]),
        )
        return _in_order(both)

    def find(self, hashes: NDArray[np.bytes_], at: Moments) -> NDArray[np.int64]:
        """The row of each number's owner at its moment, or UNKNOWN.

        The latest owner to begin ends those before, whether or not BOSS said when they ended.
        """
        if not len(self.hashes):
            return np.full(len(hashes), UNKNOWN, np.int64)
        first = np.searchsorted(self.hashes, hashes, side="left")
        row = np.searchsorted(self.hashes, hashes, side="right") - 1
        while (later := (row >= first) & (self.begins[row] > at)).any():
            row[later] -= 1
        known = (row >= first) & (at < self.ends[row])
        return np.where(known, row, UNKNOWN)


def _in_order(told: Identities) -> Identities:
    """By number and beginning; of two words about one assignment the later in line stays."""
    order = np.lexsort((told.begins, told.hashes))  # stable, so the later word stays behind
    hashes, begins = told.hashes[order], told.begins[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (hashes[1:] != hashes[:-1]) | (begins[1:] != begins[:-1])
    kept = order[last]
    return Identities(
        told.hashes[kept],
        told.begins[kept],
        told.ends[kept],
        told.customers[kept],
        told.counties[kept],
    )


def _end(valid_to: datetime | None) -> int:
    return _FOR_EVER if valid_to is None else moment(valid_to)


NOBODY = Identities.of(())
