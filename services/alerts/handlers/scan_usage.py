"""The single records of a slice on their bytes: which of them take the shortest way, as what rows.

Whatever the scanner does not know goes the next longer way (read_usage.py), in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.alerts.engine.facts import microseconds
from services.alerts.engine.layout import Numbers
from services.alerts.engine.partition import PartitionEngine
from services.alerts.engine.scan_records import Scanned, scan
from services.alerts.handlers.read_usage import Arrived
from shared.raw_records import Chunk, RawRecords


@dataclass(frozen=True)
class Run:
    """Consecutive records of one way, by their numbers in what was read."""

    usual: bool
    begin: int
    end: int


class SliceScan:
    """What was scanned of a slice, whose parts are folded one after the other."""

    def __init__(self) -> None:
        self._chunk: Chunk | None = None
        self._begin = self._end = 0
        self._scanned: Scanned | None = None

    def of(self, records: RawRecords) -> Scanned:
        known = self._chunk is records.chunk and self._begin <= records.begin <= self._end
        if self._scanned is None or not known or records.end > self._end:
            self._chunk, self._begin, self._end = records.chunk, records.begin, records.end
            self._scanned = scan(records.chunk.raw, records.begin, records.end)
        return self._scanned.part(records.begin - self._begin, records.end - self._begin)

    def forget(self) -> None:
        """A chunk is large, and is not needed again."""
        self._chunk = self._scanned = None


def unusual(scanned: Scanned) -> list[int]:
    found: list[int] = np.flatnonzero(scanned.told["usual"] == 0).tolist()
    return found


def runs(scanned: Scanned, arrived: Arrived) -> Iterator[Run]:
    """The records in order; a usual one whose time is not timely goes the longer way."""
    usual = scanned.told["usual"] != 0
    usual[usual] = _timely(scanned.only(usual), arrived)
    borders = [0, *(np.flatnonzero(np.diff(usual)) + 1).tolist(), len(usual)]
    for begin, end in pairwise(borders):
        yield Run(bool(usual[begin]), begin, end)


def _timely(scanned: Scanned, arrived: Arrived) -> Numbers:
    """Business time never runs back: what the first and the last allow, all between them allow."""
    logged, at = scanned.told["logged_ms"], scanned.rows["at"]
    if not len(at):
        return np.ones(0, np.bool_)
    oldest, _ = _limits(arrived, int(logged.max()))
    _, newest = _limits(arrived, int(logged.min()))
    timely: Numbers = (oldest <= at) & (at <= newest)
    for n in np.flatnonzero(~timely).tolist():
        oldest, newest = _limits(arrived, int(logged[n]))
        timely[n] = oldest <= at[n] <= newest
    return timely


def _limits(arrived: Arrived, logged_ms: int) -> tuple[int, int]:
    oldest, newest = arrived.limits(logged_ms)
    return microseconds(oldest), microseconds(newest)


def fresh(found: Scanned, engine: PartitionEngine) -> Numbers:
    """Which of these usual records are no repeats, by their sources' numbers."""
    rows, sequences = found.rows, found.told["sequence"]
    new: Numbers = np.ones(len(rows), np.bool_)
    for place, source in enumerate(found.sources):
        ours = np.flatnonzero((rows["source"] == place) & (sequences > 0))
        if len(ours):
            new[ours] = engine.take_sequences(source, sequences[ours])
    return new
