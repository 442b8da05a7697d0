"""Runs the seeded bugs, and keeps of what they leave the partitions that show them.

`python -m tests.chaos.seeded_bugs.recording` writes the histories that `make test` feeds to the
checker; the live form of the same runs is live_seeded_bugs.py.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.chaos.checker import check
from holdfast.chaos.history import Effects, History
from holdfast.chaos.run import Wishes, run
from shared.events.partition import partition_of

HISTORIES = Path(__file__).parent.parent / "histories"
PARTITIONS_MAX = 2


@dataclass(frozen=True)
class SeededBug:
    """A broken worker, the faults under which it shows, and the rule that must find it."""

    name: str
    rule: str
    kinds: tuple[str, ...]

    def run(self) -> History:
        wishes = Wishes(
            seed=7,
            facts=6_000,
            faults=len(self.kinds),
            kinds=self.kinds,
            worker=f"tests.chaos.seeded_bugs.{self.name}",
            alerts=False,
            oracle=False,
        )
        return run(wishes, lambda line: print(line, file=sys.stderr))  # noqa: T201 - progress.

    @property
    def history(self) -> Path:
        return HISTORIES / f"{self.name}.json"


SEEDED_BUGS = (
    SeededBug("commit_before_effect", "lost-entry", ("kill-worker", "kill-postgres", "kill-relay")),
    SeededBug("id_cursor_relay", "lost-event", ("deliver-again", "leave-and-join")),
)


def narrowed(history: History, rule: str) -> History:
    """Only the few partitions in which `rule` was broken: a history small enough to keep."""
    keep: set[int] = set()
    for partition in range(32):
        if len(keep) < PARTITIONS_MAX and rule in check(_of(history, {partition})).broken_rules:
            keep.add(partition)
    return _of(history, keep)


def _of(history: History, keep: set[int]) -> History:
    logged = tuple(place for place in history.logged if place.partition in keep)
    numbers = {place.number for place in logged}
    return replace(
        history,
        expected={n: e for n, e in history.expected.items() if n in numbers},
        acknowledged=tuple(p for p in history.acknowledged if p.partition in keep),
        logged=logged,
        samples=(),
        effects=_effects_of(history.effects, keep),
    )


def _effects_of(effects: Effects, keep: set[int]) -> Effects:
    return replace(
        effects,
        entries=tuple(e for e in effects.entries if _partition(e.lot) in keep),
        published=tuple(e for e in effects.published if e.partition in keep),
        letters=tuple(e for e in effects.letters if e.partition in keep),
        parked=tuple(e for e in effects.parked if e.partition in keep),
        positions=tuple(e for e in effects.positions if e.partition in keep),
        sequences={c: s for c, s in effects.sequences.items() if partition_of(c) in keep},
    )


def _partition(lot: str) -> int:
    return partition_of(int(lot.split("/", maxsplit=1)[0]))


if __name__ == "__main__":
    for bug in SEEDED_BUGS:
        left = bug.run()
        print(check(left).as_text(), file=sys.stderr)  # noqa: T201 - progress.
        narrowed(left, bug.rule).write(bug.history)
