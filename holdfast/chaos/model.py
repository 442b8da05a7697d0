"""The reference: what a log must have brought about, told message by message and in order."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from holdfast.chaos.history import Claim, Expected, Place, Position

Row = tuple[str, int, int, int]
"""Topic, partition, offset, row."""


@dataclass
class Outcome:
    """What must be there once the whole log is consumed."""

    entries: dict[str, Claim] = field(default_factory=dict[str, Claim])
    dead: set[Row] = field(default_factory=set[Row])
    parked: set[Position] = field(default_factory=set[Position])
    sequences: dict[int, int] = field(default_factory=dict[int, int])
    merged: Counter[str] = field(default_factory=Counter[str])
    """How often each fact may reach the usage log: as often as it lies on its own."""


def outcome_for_alerts(logged: Iterable[Place], expected: Mapping[int, Expected]) -> Outcome:
    """The same log as alerts reads it: it posts nothing, so it refuses no amount."""
    return outcome_of(logged, {n: replace(e, claims=()) for n, e in expected.items()})


def outcome_of(logged: Iterable[Place], expected: Mapping[int, Expected]) -> Outcome:
    """Apply the log in the order of its offsets; partitions share nothing but ids."""
    outcome = Outcome()
    blocked: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for place in sorted(logged, key=lambda p: (p.topic, p.partition, p.offset)):
        message = expected[place.number]
        if message.sequence is None:
            if message.once and message.message_id in seen:
                continue
            seen.add(message.message_id)
            _post(outcome, place, message)
        else:
            _keep_profile(outcome, place, message, blocked=blocked, seen=seen)
    return outcome


def _post(outcome: Outcome, place: Place, message: Expected) -> None:
    """Bills and opening lots commute, so a dead one holds back nobody."""
    here = (place.topic, place.partition, place.offset)
    outcome.dead.update((*here, row) for row in message.dead_rows)
    outcome.merged.update(message.merged)
    if any(outcome.entries.get(c.entry_id, c) != c for c in message.claims):
        # The same entry with another content: refused as a whole, the first one stands.
        outcome.dead.add((*here, 0))
        return
    for claim in message.claims:
        outcome.entries[claim.entry_id] = claim


def _keep_profile(
    outcome: Outcome,
    place: Place,
    message: Expected,
    *,
    blocked: set[tuple[str, str]],
    seen: set[str],
) -> None:
    """The newest profile stands; behind a dead one the later ones of that customer park."""
    key = (place.topic, message.key or "")
    if message.dead_rows:
        outcome.dead.update(
            (place.topic, place.partition, place.offset, row) for row in message.dead_rows
        )
        blocked.add(key)
        return
    if key not in blocked:
        outcome.merged.update(message.merged)
    if message.message_id in seen:
        return
    seen.add(message.message_id)
    if key in blocked:
        outcome.parked.add(Position(place.topic, place.partition, place.offset))
        return
    customer, sequence = int(message.key or 0), message.sequence or 0
    outcome.sequences[customer] = max(sequence, outcome.sequences.get(customer, 0))
