"""Who measures, and how far each has told: what a partition's watermark is made of.

A source exists from its registration to its retirement, never by traffic; one that stops holds the
watermark, so that silence rules stand still in every replay alike.
"""

from typing import cast

import numpy as np

from services.alerts.engine.kernel import move_watermark
from services.alerts.engine.layout import DAY, HOUR, PROGRESS, SECOND, Numbers, Rows

LATENESS = 600 * SECOND  # how far behind a source's records may come
LATE_MAX = 2 * DAY  # behind the watermark; beyond it a record changes no window
UNTOLD = -1


def no_progress() -> Rows:
    progress = np.zeros(1, PROGRESS)
    progress["watermark"], progress["scanned"], progress["rolled"] = UNTOLD, UNTOLD, UNTOLD
    progress["lateness"], progress["late_max"] = LATENESS, LATE_MAX
    return progress


class Sources:
    """The registered sources of a partition, in the order of their registration."""

    def __init__(self, told: dict[str, int] | None = None) -> None:
        self._names = list(told or {})
        self.latest: Numbers = np.array(list((told or {}).values()), np.int64)

    def told(self) -> dict[str, int]:
        return dict(zip(self._names, cast("list[int]", self.latest.tolist()), strict=True))

    def place_of(self, name: str) -> int:
        """The place of a source; a record that names none is the only source's, if there is one."""
        if name in self._names:
            return self._names.index(name)
        return 0 if len(self._names) == 1 else -1

    def register(self, name: str) -> None:
        if name not in self._names:
            self._names.append(name)
            self.latest = np.append(self.latest, np.int64(UNTOLD))

    def retire(self, name: str) -> None:
        if name in self._names:
            place = self._names.index(name)
            del self._names[place]
            self.latest = np.delete(self.latest, place)

    def hear(self, name: str, at: int, progress: Rows) -> None:
        """A heartbeat: a source that is not registered moves nothing."""
        if name in self._names:
            place = self._names.index(name)
            self.latest[place] = max(int(self.latest[place]), at)
            move_watermark(progress[0], self.latest)


def scan_is_due(progress: Rows) -> bool:
    return int(progress[0]["watermark"]) // HOUR > int(progress[0]["scanned"])
