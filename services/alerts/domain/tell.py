"""The facts that an episode brings about, each caused by the one before it."""

import json
from datetime import datetime

from services.alerts.domain.episode import RULES, Episode, Joined
from services.alerts.engine.facts import moment
from services.alerts.engine.hits import Hit, UsageCopy
from shared.events.alerts import (
    AlertRaised,
    AlertsContactProposed,
    EpisodeClosed,
    EpisodeOpened,
    Evidence,
)
from shared.events.event import CustomerEvent, Event, effect_id


def evidence_of(hit: Hit) -> Evidence:
    """Why the rule fired, with copies of the records: the log is gone after a week."""
    return Evidence(
        value=hit.value,
        baseline=hit.baseline,
        threshold=hit.threshold,
        window_from=moment(hit.window_from),
        window_to=moment(hit.window_to),
        unit=hit.unit,
        records=(*map(_copy_of, hit.usage), *hit.facts),
    )


def _copy_of(usage: UsageCopy) -> str:
    fields = {**vars(usage), "event_id": str(usage.event_id), "at": moment(usage.at).isoformat()}
    return json.dumps(fields)


def told_of(joined: Joined) -> list[CustomerEvent]:
    """What a hit brings: the alert, its episode if it opened one, the contact it asks for."""
    raised = alert_raised(joined)
    facts: list[CustomerEvent] = [raised]
    if joined.opened:
        facts.append(_episode_opened(joined, raised))
    if joined.proposed:
        at = moment(joined.hit.at)
        facts.append(contact_proposed(joined.episode, at, cause=raised))
    return facts


def alert_raised(joined: Joined) -> AlertRaised:
    hit, episode = joined.hit, joined.episode
    return AlertRaised(
        event_id=effect_id(hit.alert_id, AlertRaised.event_type),
        subject=f"alert/{hit.alert_id}",
        cause_id=hit.cause_id,
        cause_type=hit.cause_type,
        at=moment(hit.at),
        customer_id=hit.customer_id,
        county=episode.county,
        alert_id=hit.alert_id,
        episode_id=episode.episode_id,
        rule=hit.rule,
        rule_version=hit.version,
        severity=RULES[hit.rule].severity,
        evidence=evidence_of(hit),
    )


def _episode_opened(joined: Joined, raised: AlertRaised) -> EpisodeOpened:
    episode = joined.episode
    return EpisodeOpened(
        event_id=effect_id(episode.episode_id, EpisodeOpened.event_type),
        subject=f"episode/{episode.episode_id}",
        sequence=episode.version,
        cause_id=str(raised.event_id),
        cause_type=AlertRaised.event_type,
        at=raised.at,
        customer_id=episode.customer_id,
        county=episode.county,
        episode_id=episode.episode_id,
        severity=episode.severity,
        priority=episode.priority,
        tier=episode.tier,
    )


def contact_proposed(
    episode: Episode, at: datetime, *, cause: Event | None = None
) -> AlertsContactProposed:
    """The question whether somebody may call; a second attempt is caused by its alert again."""
    proposal = episode.proposal
    if proposal is None:
        raise ValueError("the episode proposes nothing")
    attempt = proposal.attempt
    raised = cause.event_id if cause else effect_id(proposal.cause, AlertRaised.event_type)
    return AlertsContactProposed(
        event_id=effect_id(proposal.proposal_id, AlertsContactProposed.event_type, attempt),
        subject=f"episode/{episode.episode_id}",
        sequence=episode.version,
        cause_id=str(raised),
        cause_type=AlertRaised.event_type,
        at=at,
        customer_id=episode.customer_id,
        county=episode.county,
        proposal_id=proposal.proposal_id,
        attempt=attempt,
        reason=proposal.reason,
        about=f"episode/{episode.episode_id}",
        priority=proposal.priority,
        valid_until=proposal.valid_until,
        tier=episode.tier,
    )


def episode_closed(episode: Episode, *, cause: Event | None) -> EpisodeClosed:
    """`cause` None: time alone closed it, an hour after the call."""
    if episode.closed_at is None or episode.outcome is None:
        raise ValueError("the episode is open")
    timer = f"{episode.episode_id}/settle/{episode.closed_at.isoformat()}"
    return EpisodeClosed(
        event_id=effect_id(episode.episode_id, EpisodeClosed.event_type),
        subject=f"episode/{episode.episode_id}",
        sequence=episode.version,
        cause_id=str(cause.event_id) if cause else timer,
        cause_type=cause.event_type if cause else "timer.settle",
        at=episode.closed_at,
        customer_id=episode.customer_id,
        county=episode.county,
        episode_id=episode.episode_id,
        outcome=episode.outcome,
    )
