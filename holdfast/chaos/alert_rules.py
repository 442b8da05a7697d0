"""The verdict over the part of alerts: its facts against one undisturbed pass over its own log."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.chaos import letter_rules
from holdfast.chaos.history import Alert, AlertsRun, ToldAlert
from holdfast.chaos.model import Outcome

Key = tuple[str, bool]
"""An alert's id; a suppressed edge of the same moment has the id of the one that fired."""


@dataclass(frozen=True)
class _Case:
    run: AlertsRun
    outcome: Outcome
    stood: dict[Key, Alert]
    wanted: dict[Key, Alert]

    @property
    def raised(self) -> set[str]:
        return {alert_id for alert_id, suppressed in self.stood if not suppressed}


def broken_by(run: AlertsRun, outcome: Outcome) -> dict[str, Iterable[str]]:
    """What breaks each rule; `outcome` is what the model says of alerts' own part of the log."""
    case = _Case(
        run,
        outcome,
        {_key(alert): alert for alert in run.effects.alerts},
        {_key(found.alert): found.alert for found in run.oracle.found},
    )
    return {
        "alerts-not-consumed": _not_consumed(case),
        "lost-alert": (f"{case.wanted[key]}" for key in case.wanted.keys() - case.stood.keys()),
        "doubled-alert": (f"{case.stood[key]}" for key in case.stood.keys() - case.wanted.keys()),
        "wrong-alert": _wrong_alerts(case),
        "episode-differs": _episodes_differ(case),
        "lost-alert-event": _lost_events(case),
        "doubled-alert-event": _doubled_events(case),
        "alert-order-broken": _order_broken(case),
        "lost-merged": outcome.merged.keys() - run.oracle.merged.keys(),
        "doubled-merged": _doubled_merged(case),
        "alert-position-ahead": _positions_ahead(case),
        "lost-alert-letter": letter_rules.lost(outcome, run.effects.letters),
        "doubled-alert-letter": letter_rules.doubled(outcome, run.effects.letters),
        "alert-parked-differs": letter_rules.parked_differs(outcome, run.effects.parked),
    }


def _key(alert: Alert) -> Key:
    return alert.alert_id, alert.suppressed


def _not_consumed(case: _Case) -> Iterator[str]:
    positions = {(p.topic, p.partition): p.next_offset for p in case.run.effects.positions}
    for end in case.run.effects.ends:
        stands = positions.get((end.topic, end.partition), 0)
        if stands != end.next_offset:
            yield f"{end.topic}[{end.partition}] stands at {stands} of {end.next_offset}"


def _wrong_alerts(case: _Case) -> Iterator[str]:
    for key in case.stood.keys() & case.wanted.keys():
        if case.stood[key] != case.wanted[key]:
            yield f"{case.stood[key]} instead of {case.wanted[key]}"


def _episodes_differ(case: _Case) -> Iterable[str]:
    wanted = {alert.episode_id for alert in case.wanted.values() if alert.episode_id}
    return wanted ^ set(case.run.effects.episodes)


def _lost_events(case: _Case) -> Iterable[str]:
    """Of each alert and of each episode one fact must have left."""
    told = {fact.about for fact in case.run.effects.told}
    return (case.raised | set(case.run.effects.episodes)) - told


def _doubled_events(case: _Case) -> Iterator[str]:
    """A repeat carries the same event id; a second id for one alert is a second fact."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for fact in case.run.effects.told:
        ids[fact.about].add(fact.event_id)
    known = case.raised | set(case.run.effects.episodes)
    return (about for about, events in ids.items() if about not in known or len(events) > 1)


def _order_broken(case: _Case) -> Iterator[str]:
    """Per customer, the first occurrences in alerts.v1 follow the order of the usage log."""
    log: defaultdict[int, list[str]] = defaultdict(list)
    for found in sorted(case.run.oracle.found, key=lambda f: (f.partition, f.offset)):
        if not found.alert.suppressed:
            log[found.alert.customer].append(found.alert.alert_id)
    told: defaultdict[int, list[str]] = defaultdict(list)
    for fact in _first_occurrences(case.run.effects.told):
        if fact.about in case.raised:
            told[fact.customer].append(fact.about)
    for customer, order in told.items():
        if set(order) == set(log[customer]) and order != log[customer]:
            yield f"customer {customer}: {order} instead of {log[customer]}"


def _first_occurrences(told: Iterable[ToldAlert]) -> Iterator[ToldAlert]:
    seen: set[str] = set()
    for fact in sorted(told, key=lambda f: (f.partition, f.offset)):
        if fact.event_id not in seen:
            seen.add(fact.event_id)
            yield fact


def _doubled_merged(case: _Case) -> Iterator[str]:
    """A fact that lies once on its own topic stands once in the usage log."""
    for fact, times in case.run.oracle.merged.items():
        allowed = case.outcome.merged[fact]
        if times > allowed:
            yield f"{fact} stands {times} times and may {allowed} times"


def _positions_ahead(case: _Case) -> Iterator[str]:
    """Every alert of a message below a position stood there in the very same snapshot."""
    there: set[str] = set()
    for sample in case.run.samples:
        there.update(sample.appeared)
        yield from sample.behind
        for found in case.run.oracle.found:
            covered = found.offset < sample.positions.get(found.partition, 0)
            if covered and not found.alert.suppressed and found.alert.alert_id not in there:
                yield f"{found.alert.alert_id} at {sample.second} s"
