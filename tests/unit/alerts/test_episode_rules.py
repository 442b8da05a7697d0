"""Alerts of one customer join; one contact is asked for; outcomes answer it or end the episode."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.alerts.domain.episode import Episode, Proposal, join
from services.alerts.domain.outcome import Outcome, ask_again, decide
from services.alerts.domain.tell import contact_proposed, episode_closed, told_of
from services.callcenter.domain.gate import Because
from shared.events.alerts import AlertRaised, AlertsContactProposed, EpisodeOpened, Severity
from tests.unit.alerts.engine_facts import FRIDAY
from tests.unit.alerts.episode_facts import (
    GRANT,
    a_hit,
    agreed,
    called,
    cancelled,
    declined,
    granted,
    ported,
    replaced,
    verified,
    withdrawn,
)

LATER = FRIDAY + timedelta(days=7)


def opened_by(rule: str, *, tier: int = 3) -> Episode:
    return join(a_hit(rule, tier=tier), None).episode


def proposal_of(episode: Episode) -> Proposal:
    assert episode.proposal is not None
    return episode.proposal


def after(episode: Episode, fact: Outcome) -> Episode:
    changed = decide(episode, fact)
    assert changed is not None
    return changed


@pytest.mark.requirement("AL-27")
@pytest.mark.parametrize(
    ("rule", "tier", "severity", "priority"),
    [
        ("AL-01", 0, "major", 60),
        ("AL-01", 4, "major", 68),
        ("AL-02", 3, "major", 68),
        ("AL-28", 2, "major", 65),
        ("AL-06", 1, "minor", 52),
        ("AL-04", 3, "critical", 88),
    ],
)
def test_priority_is_the_rules_and_the_tiers(
    rule: str, tier: int, severity: str, priority: int
) -> None:
    episode = opened_by(rule, tier=tier)

    assert (episode.severity, episode.priority) == (severity, priority)


@pytest.mark.requirement("AL-04")
def test_a_counter_case_is_evidence_and_asks_for_no_contact() -> None:
    joined = join(a_hit("AL-04"), None)

    assert [type(fact) for fact in told_of(joined)] == [AlertRaised, EpisodeOpened]
    assert joined.episode.proposal is None


def test_the_first_hit_opens_asks_and_tells_each_fact_caused_by_the_one_before() -> None:
    hit = a_hit()
    joined = join(hit, None)

    raised, opened, proposed = told_of(joined)

    assert isinstance(proposed, AlertsContactProposed)
    assert [raised.cause_id, opened.cause_id, proposed.cause_id] == [
        hit.cause_id,
        str(raised.event_id),
        str(raised.event_id),
    ]
    assert (proposed.reason, proposed.attempt, proposed.priority) == ("bill_plunge", 1, 68)
    assert proposed.about == f"episode/{joined.episode.episode_id}"
    assert told_of(join(hit, None)) == [raised, opened, proposed]  # a replay repeats their ids


def test_a_weaker_or_equal_hit_joins_and_asks_nothing_again() -> None:
    episode = opened_by("AL-01")

    joined = join(a_hit("AL-06", at=LATER), episode)

    assert (joined.opened, joined.proposed) == (False, False)
    assert joined.episode.severity is Severity.MAJOR
    assert joined.episode.proposal == episode.proposal
    assert joined.episode.version == episode.version + 1


def test_a_stronger_hit_asks_anew() -> None:
    episode = opened_by("AL-06")

    joined = join(a_hit("AL-28", at=LATER), episode)

    assert joined.proposed
    assert joined.episode.severity is Severity.MAJOR
    assert proposal_of(joined.episode).proposal_id != proposal_of(episode).proposal_id


def test_after_a_replaced_grant_an_equal_hit_asks_anew() -> None:
    episode = opened_by("AL-01")
    episode = after(episode, granted(proposal_of(episode).proposal_id))
    episode = after(episode, replaced())

    assert join(a_hit("AL-02", at=LATER), episode).proposed


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (verified("saved"), "saved"),
        (verified("lost"), "lost"),
        (cancelled(), "order_cancelled"),
        (withdrawn(), "agreement_withdrawn"),
        (ported(), "portability"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_outcome_ends_the_episode(fact: Outcome, outcome: str) -> None:
    closed = after(opened_by("AL-01"), fact)

    told = episode_closed(closed, cause=fact)

    assert (told.outcome, told.at, told.cause_id) == (outcome, fact.at, str(fact.event_id))


def test_a_grant_is_noted_and_an_answer_to_another_question_is_not() -> None:
    episode = opened_by("AL-01")

    noted = after(episode, granted(proposal_of(episode).proposal_id))

    assert (proposal_of(noted).answer, proposal_of(noted).grant_id) == ("granted", GRANT)
    assert decide(episode, granted("another")) is None
    assert decide(opened_by("AL-04"), granted("another")) is None
    assert decide(episode, replaced()) is None  # no grant of ours


def test_a_decline_with_a_time_is_asked_once_more_and_the_second_ends_the_episode() -> None:
    episode = opened_by("AL-01")
    proposal = proposal_of(episode).proposal_id

    waiting = after(episode, declined(proposal, again_at=LATER))
    asked = ask_again(waiting)
    told = contact_proposed(asked, LATER)
    over = after(asked, declined(proposal, again_at=LATER + timedelta(days=7)))

    assert (proposal_of(waiting).answer, proposal_of(waiting).again_at) == ("declined", LATER)
    assert (told.proposal_id, told.attempt, told.at) == (proposal, 2, LATER)
    assert told.event_id != contact_proposed(episode, FRIDAY).event_id
    assert (over.outcome, over.closed_at) == ("cap", FRIDAY)


def test_a_final_decline_ends_the_episode() -> None:
    episode = opened_by("AL-01")

    closed = after(episode, declined(proposal_of(episode).proposal_id))

    assert closed.outcome == "cap"


@pytest.mark.parametrize(
    ("by", "outcome"),
    [
        (Because.UNANSWERED, "unanswered"),
        (Because.EXPIRED, "expired"),
        (Because.DO_NOT_CALL, "do_not_call"),
        (Because.NO_CONSENT, "no_consent"),
        (Because.FROZEN, "frozen"),
        (Because.PORTABILITY, "portability"),
        (Because.COUNTER, None),
        (Because.INBOUND, None),
        ("ticketing-proposal-1", None),
    ],
)
def test_a_grant_that_ends_for_good_ends_the_episode_and_one_that_others_take_over_does_not(
    by: str, outcome: str | None
) -> None:
    episode = opened_by("AL-01")
    episode = after(episode, granted(proposal_of(episode).proposal_id))

    ended = after(episode, replaced(by, at=LATER))

    assert (ended.outcome, ended.closed_at) == (outcome, LATER if outcome else None)
    assert (proposal_of(ended).answer, proposal_of(ended).because) == ("replaced", by)


def test_who_was_reached_and_agreed_to_nothing_is_settled_an_hour_later() -> None:
    episode = opened_by("AL-01")

    assert decide(episode, called(reached=False)) is None
    reached = after(episode, called(reached=True))
    assert reached.settle_at == FRIDAY + timedelta(hours=1)


def test_an_agreement_before_or_after_its_call_leaves_the_end_to_the_order() -> None:
    episode = opened_by("AL-01")

    first_called = after(after(episode, called(reached=True)), agreed())
    first_agreed = after(episode, agreed())

    assert first_called.settle_at is None
    assert decide(first_agreed, called(reached=True)) is None


def test_nothing_is_asked_again_where_nothing_was_asked() -> None:
    with pytest.raises(ValueError, match="no first attempt"):
        ask_again(opened_by("AL-04"))
    with pytest.raises(ValueError, match="proposes nothing"):
        contact_proposed(opened_by("AL-04"), FRIDAY)
    with pytest.raises(ValueError, match="is open"):
        episode_closed(opened_by("AL-01"), cause=None)


def test_alert_ids_come_from_customer_rule_version_and_edge() -> None:
    hit = a_hit()
    others = [a_hit(customer=8), a_hit("AL-02"), a_hit(at=LATER)]

    assert a_hit().alert_id == hit.alert_id
    assert len({hit.alert_id, uuid4(), *(other.alert_id for other in others)}) == 5
