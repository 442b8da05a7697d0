"""The checker is seen to fail: on recorded runs of seeded bugs, and on each rule by itself."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from holdfast.chaos.checker import check
from holdfast.chaos.history import (
    Alert,
    AlertEffects,
    AlertSample,
    AlertsRun,
    Claim,
    Effects,
    Expected,
    FoundAlert,
    History,
    Letter,
    Place,
    Position,
    PostedEntry,
    Published,
    Sample,
    SelfEnded,
    ToldAlert,
    UndisturbedPass,
    read_history,
)
from holdfast.chaos.plan import Plan
from tests.chaos.seeded_bugs.recording import SEEDED_BUGS, SeededBug

BILLS, PROFILES = "holdfast.billing.v1", "holdfast.customers.v1"
USAGE = "holdfast.usage.v1"


def a_bill(entry: str, amount: int = 5) -> Expected:
    return Expected(f"message of {entry}", "1", (Claim(entry, 1, 2026, "earn", amount),))


def an_event(entry: str, version: int, *, offset: int) -> Published:
    return Published(0, offset, f"event of {entry}", entry, "1/2026", version, 5)


def a_sound_history() -> History:
    """Two bills, one of them sent twice, a broken one, and a profile behind which nothing waits."""
    expected = {
        0: a_bill("a"),
        1: a_bill("b"),
        2: Expected("broken", "1", (), (0,)),
        3: Expected("profile", "1", (), (), 4),
    }
    logged = (
        Place(0, BILLS, 0, 0),
        Place(1, BILLS, 0, 1),
        Place(0, BILLS, 0, 2),
        Place(2, BILLS, 0, 3),
        Place(3, PROFILES, 0, 0),
    )
    effects = Effects(
        entries=(
            PostedEntry("a", "1/2026", "earn", 5, 1),
            PostedEntry("b", "1/2026", "earn", 5, 2),
        ),
        published=(an_event("a", 1, offset=0), an_event("b", 2, offset=1)),
        letters=(Letter(BILLS, 0, 3, 0, 1),),
        parked=(),
        sequences={1: 4},
        positions=(Position(BILLS, 0, 4), Position(PROFILES, 0, 1)),
        audit=(),
        ledger_hash="same",
    )
    return History(1, expected, logged, logged, (), (), effects, oracle_hash="same")


def with_effects(**changed: object) -> History:
    history = a_sound_history()
    return replace(history, effects=replace(history.effects, **changed))  # pyright: ignore[reportArgumentType] - the fields are named by the cases below.


SOUND = a_sound_history().effects

BROKEN = {
    "lost-acknowledged": replace(a_sound_history(), logged=a_sound_history().logged[1:]),
    "not-consumed": with_effects(positions=SOUND.positions[1:]),
    "lost-entry": with_effects(entries=SOUND.entries[1:]),
    "doubled-entry": with_effects(
        entries=(*SOUND.entries, PostedEntry("c", "1/2026", "earn", 5, 3))
    ),
    "wrong-entry": with_effects(
        entries=(PostedEntry("a", "1/2026", "earn", 6, 1), SOUND.entries[1])
    ),
    "lost-event": with_effects(published=SOUND.published[:1]),
    "doubled-event": with_effects(
        published=(*SOUND.published, replace(SOUND.published[0], event_id="another", offset=2))
    ),
    "wrong-event": with_effects(
        published=(replace(SOUND.published[0], amount=6), SOUND.published[1])
    ),
    "order-broken": with_effects(
        published=(an_event("b", 2, offset=0), an_event("a", 1, offset=1))
    ),
    "lost-letter": with_effects(letters=()),
    "doubled-letter": with_effects(letters=(Letter(BILLS, 0, 3, 0, 2),)),
    "parked-differs": with_effects(parked=(Position(PROFILES, 0, 0),)),
    "profile-differs": with_effects(sequences={1: 3}),
    "profile-went-back": replace(a_sound_history(), samples=(Sample(1.0, 0, (), (1,)),)),
    "position-ahead": replace(a_sound_history(), samples=(Sample(1.0, 1, ("a",), ()),)),
    "audit": with_effects(audit=("lot 1/2026 has 11, its entries 10",)),
    "bug-in-worker": replace(a_sound_history(), self_ended=(SelfEnded(0, 70, "KeyError"),)),
    "oracle-differs": replace(a_sound_history(), oracle_hash="other"),
}


def test_a_sound_history_is_clean_and_says_what_it_holds() -> None:
    report = check(a_sound_history())
    assert report.clean, report.as_text()
    assert (report.entries, report.events, report.letters) == (2, 2, 1)


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    report = check(BROKEN[rule])
    assert rule in report.broken_rules, report.as_text()


ALERT = Alert("alert", "AL-02", 1, 1_000, "episode")
SUPPRESSED = Alert("suppressed", "AL-02", 1, 2_000, None)
LATER = Alert("later", "AL-28", 1, 3_000, "episode")
TOLD = (
    ToldAlert(0, 0, "1", "alert", 1),
    ToldAlert(0, 1, "2", "episode", 1),
    ToldAlert(0, 2, "3", "later", 1),
)


def with_alerts(**changed: object) -> History:
    """The sound history beside alerts: a bill was merged, a broken call set aside, two fired."""
    history = a_sound_history()
    expected = {
        **history.expected,
        0: replace(history.expected[0], merged=("bill",)),
        4: Expected("calls", None, (), (0,), once=True),
    }
    usage = (Place(4, USAGE, 0, 0), Place(4, USAGE, 0, 1))  # delivered again: no second letter
    effects = AlertEffects(
        alerts=(ALERT, SUPPRESSED, LATER),
        episodes=("episode",),
        told=TOLD,
        letters=(Letter(BILLS, 0, 3, 0, 1), Letter(USAGE, 0, 0, 0, 1)),
        parked=(),
        positions=(Position(BILLS, 0, 4), Position(USAGE, 0, 5)),
        ends=(Position(BILLS, 0, 4), Position(USAGE, 0, 5)),
    )
    oracle = UndisturbedPass(
        found=(FoundAlert(0, 2, ALERT), FoundAlert(0, 3, SUPPRESSED), FoundAlert(0, 4, LATER)),
        merged={"bill": 1},
        records=2,
    )
    samples = (AlertSample(1.0, {0: 3}, ("alert",), ()), AlertSample(2.0, {0: 5}, ("later",), ()))
    names = {"samples": samples, "oracle": oracle} | changed
    run = AlertsRun(effects, samples, oracle)
    for name, value in names.items():
        holder = run.effects if hasattr(run.effects, name) else run
        after = replace(holder, **{name: value})
        run = after if isinstance(after, AlertsRun) else replace(run, effects=after)
    logged = (*history.logged, *usage)
    return replace(history, expected=expected, logged=logged, acknowledged=logged, alerts=run)


def oracle_of(*alerts: Alert, merged: dict[str, int] | None = None) -> UndisturbedPass:
    found = tuple(FoundAlert(0, n, alert) for n, alert in enumerate(alerts, 2))
    return UndisturbedPass(found, {"bill": 1} if merged is None else merged, 2)


BROKEN_ALERTS = {
    "alerts-not-consumed": with_alerts(positions=(Position(BILLS, 0, 4), Position(USAGE, 0, 4))),
    "lost-alert": with_alerts(alerts=(ALERT, SUPPRESSED), told=TOLD[:2]),
    "doubled-alert": with_alerts(oracle=oracle_of(ALERT, LATER)),
    "wrong-alert": with_alerts(alerts=(replace(ALERT, rule="AL-28"), SUPPRESSED, LATER)),
    "episode-differs": with_alerts(episodes=("episode", "another")),
    "lost-alert-event": with_alerts(told=TOLD[::2]),
    "doubled-alert-event": with_alerts(told=(*TOLD, ToldAlert(0, 3, "4", "alert", 1))),
    "alert-order-broken": with_alerts(oracle=oracle_of(LATER, ALERT, SUPPRESSED)),
    "lost-merged": with_alerts(oracle=oracle_of(ALERT, SUPPRESSED, LATER, merged={})),
    "doubled-merged": with_alerts(oracle=oracle_of(ALERT, SUPPRESSED, LATER, merged={"bill": 3})),
    "alert-position-ahead": with_alerts(samples=(AlertSample(1.0, {0: 5}, ("alert",), ()),)),
    "lost-alert-letter": with_alerts(letters=(Letter(USAGE, 0, 0, 0, 1),)),
    "doubled-alert-letter": with_alerts(
        letters=(*(Letter(t, 0, o, 0, 1) for t, o in ((BILLS, 3), (USAGE, 0), (USAGE, 1))),)
    ),
    "alert-parked-differs": with_alerts(parked=(Position(PROFILES, 0, 0),)),
}


def test_a_sound_run_of_alerts_is_clean_and_counted() -> None:
    report = check(with_alerts())
    assert report.clean, report.as_text()
    assert (report.usage_records, report.alerts, report.episodes) == (2, 2, 1)


@pytest.mark.parametrize("rule", BROKEN_ALERTS)
def test_an_alert_too_many_too_few_or_another_one_is_rejected(rule: str) -> None:
    report = check(BROKEN_ALERTS[rule])
    assert rule in report.broken_rules, report.as_text()


def test_a_repeat_under_the_same_id_is_counted_and_allowed() -> None:
    again = replace(SOUND.published[0], offset=2)
    report = check(with_effects(published=(*SOUND.published, again)))
    assert report.clean, report.as_text()
    assert report.repeats == 1


def test_what_stands_behind_a_broken_profile_must_be_parked() -> None:
    history = a_sound_history()
    expected = history.expected | {4: Expected("broken profile", "1", (), (0,), 0)}
    logged = (*history.logged[:-1], Place(4, PROFILES, 0, 0), Place(3, PROFILES, 0, 1))
    effects = replace(
        SOUND,
        letters=(*SOUND.letters, Letter(PROFILES, 0, 0, 0, 1)),
        parked=(Position(PROFILES, 0, 1),),
        sequences={},
        positions=(Position(BILLS, 0, 4), Position(PROFILES, 0, 2)),
    )
    behind = replace(
        history, expected=expected, logged=logged, acknowledged=logged, effects=effects
    )
    assert check(behind).clean, check(behind).as_text()
    overtaken = replace(behind, effects=replace(effects, parked=(), sequences={1: 4}))
    assert "parked-differs" in check(overtaken).broken_rules


@pytest.mark.parametrize("bug", SEEDED_BUGS, ids=lambda bug: bug.name)
def test_the_recorded_run_of_a_seeded_bug_is_rejected(bug: SeededBug) -> None:
    report = check(read_history(bug.history))
    assert bug.rule in report.broken_rules, report.as_text()


def test_a_seed_makes_the_same_facts_again() -> None:
    at = datetime(2026, 2, 27, 7, tzinfo=UTC)
    first, second = (list(Plan(5, facts=2_000, at=at).messages()) for _ in range(2))
    assert [(m.value, m.partition, m.expected) for m in first] == [
        (m.value, m.partition, m.expected) for m in second
    ]
    assert any(m.expected.dead_rows for m in first)
    assert any(m.key is None for m in first)
