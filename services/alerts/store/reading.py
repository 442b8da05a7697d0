"""Episodes, hits and suppressions as people read them; row-level security says whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import NotFound


@dataclass(frozen=True)
class EpisodeRow:
    episode_id: UUID
    customer_id: int
    county: str
    tier: str
    state: str
    severity: str
    priority: int
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    version: int
    rules: Sequence[str]
    proposal_id: str | None
    attempt: int | None
    answer: str | None
    because: str | None
    grant_id: UUID | None
    answered_at: datetime | None
    again_at: datetime | None
    agreed_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """Which episodes; what is None does not matter."""

    rule: str | None = None
    state: str | None = None
    customer_id: int | None = None
    opened_from: datetime | None = None


@dataclass(frozen=True)
class HitRow:
    alert_id: UUID
    rule: str
    rule_version: int
    severity: str
    at: datetime
    cause_id: str | None
    cause_type: str | None
    evidence: dict[str, Any]


@dataclass(frozen=True)
class SuppressionRow:
    alert_id: UUID
    rule: str
    rule_version: int
    reason: str
    at: datetime


_EPISODE = """
    SELECT e.episode_id, e.customer_id, e.county, e.tier, e.state, e.severity, e.priority,
           e.opened_at, e.closed_at, e.outcome, e.version, e.proposal_id, e.attempt, e.answer,
           e.because, e.grant_id, e.answered_at, e.again_at, e.agreed_at,
           ARRAY(SELECT DISTINCT h.rule FROM hit h WHERE h.episode_id = e.episode_id
                 ORDER BY h.rule) AS rules
    FROM episode e
"""

_PAGE = text(f"""{_EPISODE}
    WHERE (CAST(:state AS text) IS NULL OR e.state = :state)
      AND (CAST(:customer AS bigint) IS NULL OR e.customer_id = :customer)
      AND (CAST(:opened_from AS timestamptz) IS NULL OR e.opened_at >= :opened_from)
      AND (CAST(:rule AS text) IS NULL OR EXISTS (
          SELECT FROM hit h WHERE h.episode_id = e.episode_id AND h.rule = :rule))
      AND (CAST(:before AS timestamptz) IS NULL
           OR (e.opened_at, e.episode_id)
              < (CAST(:before AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY e.opened_at DESC, e.episode_id DESC LIMIT :rows
""")

_ONE = text(f"{_EPISODE} WHERE e.episode_id = :episode")

_HITS = text("""
    SELECT h.alert_id, h.rule, h.rule_version, h.severity, h.at, h.cause_id, h.cause_type,
           v.body AS evidence
    FROM hit h JOIN evidence v USING (alert_id)
    WHERE h.episode_id = :episode ORDER BY h.at, h.alert_id
""")

_SUPPRESSIONS = text("""
    SELECT alert_id, rule, rule_version, reason, at FROM suppression
    WHERE customer_id = :customer AND at >= :begins
      AND (CAST(:ends AS timestamptz) IS NULL OR at <= :ends)
    ORDER BY at, alert_id LIMIT 100
""")


async def episodes(
    connection: AsyncConnection,
    asked: Asked,
    *,
    before: tuple[datetime, UUID] | None,
    rows: int,
) -> list[EpisodeRow]:
    """A page of episodes, newest first; `before` is the last one of the page above."""
    at, episode_id = before or (None, None)
    found = await connection.execute(
        _PAGE,
        {
            "state": asked.state,
            "customer": asked.customer_id,
            "opened_from": asked.opened_from,
            "rule": asked.rule,
            "before": at,
            "before_id": episode_id,
            "rows": rows,
        },
    )
    return [EpisodeRow(**row) for row in found.mappings()]


async def episode(connection: AsyncConnection, episode_id: UUID) -> EpisodeRow:
    """One episode, if the caller's organisation may see it.

    Raises:
        NotFound: there is none, or it is another county's; the answer does not tell which.
    """
    row = (await connection.execute(_ONE, {"episode": episode_id})).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No episode {episode_id}")
    return EpisodeRow(**row)


async def hits_of(connection: AsyncConnection, episode_id: UUID) -> list[HitRow]:
    rows = await connection.execute(_HITS, {"episode": episode_id})
    return [HitRow(**row) for row in rows.mappings()]


async def suppressions_of(connection: AsyncConnection, shown: EpisodeRow) -> list[SuppressionRow]:
    """What fired for the customer while the episode was open and told nobody, and why."""
    rows = await connection.execute(
        _SUPPRESSIONS,
        {"customer": shown.customer_id, "begins": shown.opened_at, "ends": shown.closed_at},
    )
    return [SuppressionRow(**row) for row in rows.mappings()]
