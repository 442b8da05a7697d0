"""The verdict over a history: each rule finds what breaks it. Pure; it never asks a server."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.chaos import alert_rules, letter_rules
from holdfast.chaos.history import History, Place, PostedEntry, Published
from holdfast.chaos.model import Outcome, outcome_for_alerts, outcome_of
from holdfast.chaos.report import Finding, Report
from shared.events.catalogue import BILLING, CUSTOMERS

POINTS_READS = frozenset({BILLING.name, CUSTOMERS.name})
BUG = 70  # the worker's exit code for a failure that is none of the world's


@dataclass(frozen=True)
class _Case:
    """A history beside what the model says of it; `logged` is what points reads of the log."""

    history: History
    logged: tuple[Place, ...]
    outcome: Outcome
    posted: dict[str, PostedEntry]


def check(history: History) -> Report:
    """Apply every rule; a report without findings is the only clean one."""
    posted = {entry.entry_id: entry for entry in history.effects.entries}
    logged = tuple(place for place in history.logged if place.topic in POINTS_READS)
    case = _Case(history, logged, outcome_of(logged, history.expected), posted)
    broken: dict[str, Iterable[str]] = {
        "lost-acknowledged": _acknowledged_not_logged(case),
        "not-consumed": _not_consumed(case),
        "lost-entry": _lost_entries(case),
        "doubled-entry": _doubled_entries(case),
        "wrong-entry": _wrong_entries(case),
        "lost-event": _lost_events(case),
        "doubled-event": _doubled_events(case),
        "wrong-event": _wrong_events(case),
        "order-broken": _order_broken(case),
        "lost-letter": letter_rules.lost(case.outcome, history.effects.letters),
        "doubled-letter": letter_rules.doubled(case.outcome, history.effects.letters),
        "parked-differs": letter_rules.parked_differs(case.outcome, history.effects.parked),
        "profile-differs": _profiles_differ(case),
        "profile-went-back": (str(c) for s in history.samples for c in s.went_back),
        "position-ahead": (effect for s in history.samples for effect in s.behind),
        "audit": iter(history.effects.audit),
        "oracle-differs": _oracle_differs(case),
        # To end is how a worker recovers (a watchdog, rewinds); 70 says that our code failed.
        "bug-in-worker": (e.reason for e in history.self_ended if e.code == BUG),
        **_broken_in_alerts(history),
    }
    alerts = history.alerts
    return Report(
        seed=history.seed,
        messages=len(history.logged),
        facts=len(case.outcome.entries) + len(case.outcome.dead),
        usage_records=alerts.oracle.records if alerts else 0,
        alerts=sum(not alert.suppressed for alert in alerts.effects.alerts) if alerts else 0,
        episodes=len(alerts.effects.episodes) if alerts else 0,
        entries=len(history.effects.entries),
        events=len(history.effects.published),
        repeats=_repeats(history.effects.published),
        letters=len(history.effects.letters),
        samples=len(history.samples),
        asked=sum(sample.asked for sample in history.samples),
        faults=history.faults,
        self_ended=history.self_ended,
        ledger_hash=history.effects.ledger_hash,
        findings=tuple(
            finding for rule, found in broken.items() if (finding := Finding.of(rule, found))
        ),
    )


def _broken_in_alerts(history: History) -> dict[str, Iterable[str]]:
    if history.alerts is None:
        return {}
    outcome = outcome_for_alerts(history.logged, history.expected)
    return alert_rules.broken_by(history.alerts, outcome)


def _acknowledged_not_logged(case: _Case) -> Iterator[str]:
    logged = set(case.history.logged)
    return (f"{place}" for place in case.history.acknowledged if place not in logged)


def _not_consumed(case: _Case) -> Iterator[str]:
    ends: Counter[tuple[str, int]] = Counter()
    for place in case.logged:
        where = (place.topic, place.partition)
        ends[where] = max(ends[where], place.offset + 1)
    positions = {(p.topic, p.partition): p.next_offset for p in case.history.effects.positions}
    return (
        f"{topic}[{partition}] stands at {positions.get((topic, partition), 0)} of {end}"
        for (topic, partition), end in ends.items()
        if positions.get((topic, partition), 0) != end
    )


def _lost_entries(case: _Case) -> Iterable[str]:
    return case.outcome.entries.keys() - case.posted.keys()


def _doubled_entries(case: _Case) -> Iterable[str]:
    """An entry that nobody asked for is a fact counted twice under another id."""
    times = Counter(entry.entry_id for entry in case.history.effects.entries)
    unasked = case.posted.keys() - case.outcome.entries.keys()
    return [*unasked, *(entry_id for entry_id, count in times.items() if count > 1)]


def _wrong_entries(case: _Case) -> Iterator[str]:
    for entry_id, claim in case.outcome.entries.items():
        entry = case.posted.get(entry_id)
        if entry and (entry.lot, entry.kind, entry.amount) != (claim.lot, claim.kind, claim.amount):
            yield f"{entry_id}: {entry} instead of {claim}"


def _lost_events(case: _Case) -> Iterable[str]:
    return case.posted.keys() - {event.entry_id for event in case.history.effects.published}


def _doubled_events(case: _Case) -> Iterable[str]:
    """A repeat carries the same event id; a second id for one entry is a second fact."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for event in case.history.effects.published:
        ids[event.entry_id].add(event.event_id)
    invented = ids.keys() - case.posted.keys()
    return [*invented, *(entry_id for entry_id, events in ids.items() if len(events) > 1)]


def _wrong_events(case: _Case) -> Iterator[str]:
    for event in _first_occurrences(case.history.effects.published):
        entry = case.posted.get(event.entry_id)
        said = (event.lot, event.lot_version, event.amount)
        if entry and said != (entry.lot, entry.lot_version, entry.amount):
            yield f"{event.event_id}: says {said}, the ledger {entry}"


def _order_broken(case: _Case) -> Iterator[str]:
    """Per lot, the first occurrences carry the versions 1, 2, 3 and so on, in this order."""
    last: Counter[str] = Counter()
    for event in _first_occurrences(case.history.effects.published):
        if event.lot_version != last[event.lot] + 1:
            yield f"lot {event.lot}: version {event.lot_version} after {last[event.lot]}"
        last[event.lot] = event.lot_version


def _first_occurrences(published: Iterable[Published]) -> Iterator[Published]:
    seen: set[str] = set()
    for event in sorted(published, key=lambda e: (e.partition, e.offset)):
        if event.event_id not in seen:
            seen.add(event.event_id)
            yield event


def _profiles_differ(case: _Case) -> Iterator[str]:
    held = case.history.effects.sequences
    for customer, sequence in case.outcome.sequences.items():
        if held.get(customer) != sequence:
            yield f"{customer}: {held.get(customer)} instead of {sequence}"


def _oracle_differs(case: _Case) -> Iterator[str]:
    oracle, disturbed = case.history.oracle_hash, case.history.effects.ledger_hash
    if oracle is not None and oracle != disturbed:
        yield f"one undisturbed pass gives {oracle}, this run gave {disturbed}"


def _repeats(published: Iterable[Published]) -> int:
    return sum(count - 1 for count in Counter(e.event_id for e in published).values())
