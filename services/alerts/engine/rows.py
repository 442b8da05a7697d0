"""The rows of one partition's customers, and how a fold that did not commit is taken back."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from services.alerts.engine.index import find_slots, place_customers
from services.alerts.engine.layout import COLD, HOT, TRAILS, Numbers, Rows
from services.alerts.engine.memory import fresh_pages

CAPACITY_FIRST = 256  # rows; they double when they are full
PLACES_PER_ROW = 2  # of the index: half of it stays free, so that probes are short


@dataclass(frozen=True)
class _Saved:
    """Rows as they were before a step touched them, as plain words; without `cold` if only read."""

    slots: Numbers
    hot: Numbers
    trails: Numbers
    cold: Numbers | None


class CustomerRows:
    def __init__(self, capacity: int = CAPACITY_FIRST) -> None:
        self.count = 0
        self.hot: Rows = fresh_pages(capacity, HOT)
        self.cold: Rows = fresh_pages(capacity, COLD)
        self.trails: Rows = fresh_pages(capacity, TRAILS)
        self._build_index()
        self._marked = 0
        self._saved: list[_Saved] = []

    def find(self, customers: Numbers) -> Numbers:
        """The row of each customer, -1 for one that is not known here."""
        found = np.empty(len(customers), np.int32)
        find_slots(self._keys, self._slots, customers, found)
        return found

    def slots_of(self, customers: Numbers) -> Numbers:
        """The row of each customer; a new one gets a row."""
        found = np.empty(len(customers), np.int32)
        missing = find_slots(self._keys, self._slots, customers, found)
        if missing == 0:
            return found
        self._make_room(self.count + missing)
        self.count = place_customers(self._keys, self._slots, customers, self.count)
        find_slots(self._keys, self._slots, customers, found)
        self.hot["customer"][found] = customers
        return found

    def slot_of(self, customer: int) -> int:
        return int(self.slots_of(np.array([customer], np.int64))[0])

    def _make_room(self, rows: int) -> None:
        capacity = len(self.hot)
        if rows <= capacity:
            return
        while capacity < rows:
            capacity *= 2
        self.hot = _grown(self.hot, capacity)
        self.cold = _grown(self.cold, capacity)
        self.trails = _grown(self.trails, capacity)
        self._build_index()

    def _build_index(self) -> None:
        places = len(self.hot) * PLACES_PER_ROW
        self._keys: Numbers = fresh_pages(places, np.dtype(np.int64))
        self._slots: Numbers = fresh_pages(places, np.dtype(np.int32))
        place_customers(self._keys, self._slots, self.hot["customer"][: self.count], 0)

    def mark(self) -> None:
        """From here on what is touched can be taken back."""
        self._marked = self.count
        self._saved.clear()

    def forget(self) -> None:
        """What was touched stays as it is; until the next mark nothing can be taken back."""
        self._saved.clear()

    def remember(self, slots: Numbers, *, cold: bool = True) -> None:
        """Before a step touches `slots`: keep them as they are."""
        old = slots[slots < self._marked]
        if len(old):
            kept = _taken(self.cold, old) if cold else None
            self._saved.append(_Saved(old, _taken(self.hot, old), _taken(self.trails, old), kept))

    def undo(self) -> None:
        """Back to the mark: rows as they were, newer ones forgotten."""
        for saved in reversed(self._saved):
            _words(self.hot)[saved.slots] = saved.hot
            _words(self.trails)[saved.slots] = saved.trails
            if saved.cold is not None:
                _words(self.cold)[saved.slots] = saved.cold
        self._saved.clear()
        if self.count > self._marked:
            for rows in (self.hot, self.cold, self.trails):
                rows[self._marked : self.count] = np.zeros((), rows.dtype)
            self.count = self._marked
            self._build_index()

    def restore(self, parts: Iterable[Rows]) -> None:
        """Take the rows of a snapshot, hot, cold and trails, in place of what is here."""
        self.hot, self.cold, self.trails = parts
        self.count = len(self.hot)
        capacity = CAPACITY_FIRST
        while capacity < self.count:
            capacity *= 2
        self.hot = _grown(self.hot, capacity)
        self.cold = _grown(self.cold, capacity)
        self.trails = _grown(self.trails, capacity)
        self._build_index()
        self.mark()


def _words(rows: Rows) -> Numbers:
    """Rows as a matrix of 64-bit words: whole rows are copied ten times faster than records."""
    return rows.view(np.int64).reshape(len(rows), -1)


def _taken(rows: Rows, slots: Numbers) -> Numbers:
    return np.take(_words(rows), slots, axis=0)


def _grown(rows: Rows, capacity: int) -> Rows:
    larger = fresh_pages(capacity, rows.dtype)
    larger[: len(rows)] = rows
    return larger
