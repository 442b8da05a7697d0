"""The alerts of one customer that belong together: severity, priority, proposal, end (AL-13)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.alerts.engine.facts import TIERS, moment
from services.alerts.engine.hits import Hit
from shared.events.alerts import Severity
from shared.events.customers import Tier
from shared.events.event import NAMESPACE, effect_id

PROPOSAL_VALID = timedelta(days=14)  # long enough for a second attempt after the cap of 7 days
ATTEMPTS_MAX = 2

_RANK = {Severity.MINOR: 0, Severity.MAJOR: 1, Severity.CRITICAL: 2}
_TIER_BONUS = {Tier.DIAMOND: 8, Tier.GOLD: 8, Tier.SILVER: 5, Tier.GUEST: 2, Tier.NONE: 0}


@dataclass(frozen=True)
class RuleOf:
    """What a rule means for whoever acts on it (contracts §5); `proposes` False: evidence only."""

    severity: Severity
    reason: str
    priority: int
    proposes: bool = True


RULES = {
    "AL-01": RuleOf(Severity.MAJOR, "bill_plunge", 60),
    "AL-02": RuleOf(Severity.MAJOR, "call_forwarding", 60),
    "AL-04": RuleOf(Severity.CRITICAL, "deactivation", 80, proposes=False),
    "AL-06": RuleOf(Severity.MINOR, "contract_expiry", 50),
    "AL-28": RuleOf(Severity.MAJOR, "silence", 60),
}


@dataclass(frozen=True)
class Proposal:
    """The contact that an episode asks for, and what became of the question."""

    proposal_id: str
    reason: str
    priority: int
    cause: UUID
    valid_until: datetime
    attempt: int = 1
    answer: str | None = None
    because: str | None = None
    grant_id: UUID | None = None
    answered_at: datetime | None = None
    again_at: datetime | None = None

    @property
    def outstanding(self) -> bool:
        """Asked or granted, or to be asked once more."""
        return self.answer in {None, "granted"} or self.again_at is not None


@dataclass(frozen=True)
class Episode:
    episode_id: UUID
    customer_id: int
    county: str
    tier: Tier
    severity: Severity
    priority: int
    opened_at: datetime
    version: int = 1
    closed_at: datetime | None = None
    outcome: str | None = None
    proposal: Proposal | None = None
    agreed_at: datetime | None = None
    settle_at: datetime | None = None


@dataclass(frozen=True)
class Joined:
    """A hit in its episode: opened by it or not, with a new proposal or not."""

    hit: Hit
    episode: Episode
    opened: bool
    proposed: bool


def join(hit: Hit, episode: Episode | None) -> Joined:
    """The episode of a hit: the customer's open one, or a new one."""
    rule = RULES[hit.rule]
    tier = TIERS[hit.tier]
    priority = rule.priority + _TIER_BONUS[tier]
    opened = episode is None
    if episode is None:
        episode = Episode(
            episode_id=uuid5(NAMESPACE, f"episode/{hit.alert_id}"),
            customer_id=hit.customer_id,
            county=f"{hit.county:06d}",
            tier=tier,
            severity=rule.severity,
            priority=priority,
            opened_at=moment(hit.at),
        )
    else:
        severity = max(episode.severity, rule.severity, key=_RANK.__getitem__)
        episode = replace(
            episode,
            severity=severity,
            priority=max(episode.priority, priority),
            version=episode.version + 1,
        )
    proposed = rule.proposes and _is_worth_asking(episode.proposal, priority)
    if proposed:
        episode = replace(episode, proposal=_proposal(hit, rule.reason, priority))
    return Joined(hit, episode, opened, proposed)


def _is_worth_asking(proposal: Proposal | None, priority: int) -> bool:
    return proposal is None or not proposal.outstanding or priority > proposal.priority


def _proposal(hit: Hit, reason: str, priority: int) -> Proposal:
    return Proposal(
        proposal_id=str(effect_id(hit.alert_id, "proposal")),
        reason=reason,
        priority=priority,
        cause=hit.alert_id,
        valid_until=moment(hit.at) + PROPOSAL_VALID,
    )


def close(episode: Episode, outcome: str, at: datetime) -> Episode:
    return replace(
        episode,
        closed_at=at,
        outcome=outcome,
        version=episode.version + 1,
        settle_at=None,
        proposal=replace(episode.proposal, again_at=None) if episode.proposal else None,
    )
