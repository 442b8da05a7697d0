"""Call records without their telephone numbers: hashes in their place, found once per number."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.alerts.domain.identities import HASH_BYTES, Moments
from services.alerts.domain.upload import BadCell
from shared.number_hash import NotANumber, NumberHasher

HASH = pa.binary(HASH_BYTES)
_NOBODY = bytes(HASH_BYTES)
AS_THEY_ARE = ("record_id", "at", "kind", "direction", "seconds", "kilobytes", "fen", "at_home")


@dataclass(frozen=True)
class Hashed:
    """A column of numbers as hashes, by distinct number; `rows` is nought or less where none is."""

    distinct: list[bytes]
    rows: NDArray[np.int64]
    bad: frozenset[int]

    def bad_rows(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.rows, list(self.bad)))

    def as_bytes(self) -> NDArray[np.bytes_]:
        """One hash a row, fit for sorting and searching."""
        return np.array(self.distinct, f"S{HASH_BYTES}")[self.rows]

    def as_arrow(self) -> pa.Array:
        """One hash or nothing a row."""
        indices = pa.array(self.rows, pa.int64(), mask=self.rows < 0)
        return pa.array(self.distinct, HASH).take(indices)


def hashed(column: pa.ChunkedArray, hasher: NumberHasher) -> Hashed:
    """Every distinct number once: callers repeat within a batch, and a hash costs 3 µs."""
    encoded = column.dictionary_encode().combine_chunks()
    distinct: list[bytes] = []
    bad: set[int] = set()
    for place, number in enumerate(encoded.dictionary.to_pylist()):
        try:
            distinct.append(hasher.digest(number))
        except NotANumber:
            distinct.append(_NOBODY)
            bad.add(place)
    rows = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return Hashed(distinct, rows, frozenset(bad))


@dataclass(frozen=True)
class Measured:
    """The columns that travel on, and by what their customer is found."""

    table: pa.Table
    numbers: Hashed
    peers: Hashed
    forwards: Hashed

    @property
    def rows(self) -> int:
        return self.table.num_rows

    @property
    def at(self) -> Moments:
        return self.table.column("at").cast(pa.int64()).to_numpy()

    def bad_cells(self) -> Iterator[BadCell]:
        columns = {"number": self.numbers, "peer": self.peers, "forwarded_to": self.forwards}
        for name, column in columns.items():
            for row in column.bad_rows():
                yield BadCell(int(row), name, "a telephone number")


def measured(table: pa.Table, hasher: NumberHasher) -> Measured:
    return Measured(
        table=table.select(AS_THEY_ARE),
        numbers=hashed(table.column("number"), hasher),
        peers=hashed(table.column("peer"), hasher),
        forwards=hashed(table.column("forwarded_to"), hasher),
    )
