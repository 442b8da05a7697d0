"""Episodes: the open one of each customer, locked; written whole, a batch in one statement."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.domain.episode import Episode, Proposal
from shared.events.alerts import Severity
from shared.events.customers import Tier

_COLUMNS = """
    episode_id, customer_id, county, tier, severity, priority, opened_at, version, closed_at,
    outcome, proposal_id, proposal_reason, proposal_priority, proposal_cause, attempt,
    valid_until, answer, because, grant_id, answered_at, again_at, agreed_at, settle_at
"""

_LOCK_OPEN = text(f"""
    SELECT {_COLUMNS} FROM episode
    WHERE customer_id = ANY(:customers) AND state = 'open' ORDER BY customer_id FOR UPDATE
""")  # noqa: S608 - our own constant.

_DUE = text(f"""
    SELECT {_COLUMNS} FROM episode
    WHERE state = 'open' AND (again_at <= :now OR settle_at <= :now)
    ORDER BY least(again_at, settle_at), episode_id LIMIT :rows FOR UPDATE SKIP LOCKED
""")  # noqa: S608 - our own constant.

_SAVE = text(f"""
    INSERT INTO episode ({_COLUMNS}, state)
    SELECT *, CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END FROM unnest(
        CAST(:episode_ids AS uuid[]), CAST(:customer_ids AS bigint[]), CAST(:counties AS text[]),
        CAST(:tiers AS text[]), CAST(:severities AS text[]), CAST(:priorities AS int[]),
        CAST(:opened AS timestamptz[]), CAST(:versions AS bigint[]),
        CAST(:closed AS timestamptz[]), CAST(:outcomes AS text[]), CAST(:proposals AS text[]),
        CAST(:reasons AS text[]), CAST(:asked_priorities AS int[]), CAST(:causes AS uuid[]),
        CAST(:attempts AS int[]), CAST(:valid AS timestamptz[]), CAST(:answers AS text[]),
        CAST(:because AS text[]), CAST(:grants AS uuid[]), CAST(:answered AS timestamptz[]),
        CAST(:again AS timestamptz[]), CAST(:agreed AS timestamptz[]),
        CAST(:settle AS timestamptz[])
    ) AS told ({_COLUMNS})
    ORDER BY customer_id, opened_at
    ON CONFLICT (episode_id) DO UPDATE SET
        state = excluded.state, severity = excluded.severity, priority = excluded.priority,
        version = excluded.version, closed_at = excluded.closed_at, outcome = excluded.outcome,
        proposal_id = excluded.proposal_id, proposal_reason = excluded.proposal_reason,
        proposal_priority = excluded.proposal_priority, proposal_cause = excluded.proposal_cause,
        attempt = excluded.attempt, valid_until = excluded.valid_until, answer = excluded.answer,
        because = excluded.because, grant_id = excluded.grant_id,
        answered_at = excluded.answered_at, again_at = excluded.again_at,
        agreed_at = excluded.agreed_at, settle_at = excluded.settle_at
""")  # noqa: S608 - our own constant.


async def lock_open(connection: AsyncConnection, customers: Iterable[int]) -> dict[int, Episode]:
    """The open episode of each customer that has one, locked until the transaction ends."""
    rows = await connection.execute(_LOCK_OPEN, {"customers": sorted(set(customers))})
    return {row.customer_id: _episode(row) for row in rows}


async def lock_due(connection: AsyncConnection, now: datetime, *, rows: int) -> list[Episode]:
    """Episodes whose second attempt or end has come, those due first before the others."""
    found = await connection.execute(_DUE, {"now": now, "rows": rows})
    return [_episode(row) for row in found]


async def save(connection: AsyncConnection, episodes: Sequence[Episode]) -> None:
    """Write new episodes and what became of others; each once."""
    if not episodes:
        return
    # Who closes one episode and opens another in one batch needs the closed one written first.
    closed = [episode for episode in episodes if episode.closed_at]
    for part in (closed, [episode for episode in episodes if not episode.closed_at]):
        if part:
            await connection.execute(_SAVE, _columns(part))


def _columns(episodes: Sequence[Episode]) -> dict[str, list[object]]:
    asked = [episode.proposal for episode in episodes]
    return {
        "episode_ids": [e.episode_id for e in episodes],
        "customer_ids": [e.customer_id for e in episodes],
        "counties": [e.county for e in episodes],
        "tiers": [e.tier for e in episodes],
        "severities": [e.severity for e in episodes],
        "priorities": [e.priority for e in episodes],
        "opened": [e.opened_at for e in episodes],
        "versions": [e.version for e in episodes],
        "closed": [e.closed_at for e in episodes],
        "outcomes": [e.outcome for e in episodes],
        "proposals": [p.proposal_id if p else None for p in asked],
        "reasons": [p.reason if p else None for p in asked],
        "asked_priorities": [p.priority if p else None for p in asked],
        "causes": [p.cause if p else None for p in asked],
        "attempts": [p.attempt if p else None for p in asked],
        "valid": [p.valid_until if p else None for p in asked],
        "answers": [p.answer if p else None for p in asked],
        "because": [p.because if p else None for p in asked],
        "grants": [p.grant_id if p else None for p in asked],
        "answered": [p.answered_at if p else None for p in asked],
        "again": [p.again_at if p else None for p in asked],
        "agreed": [e.agreed_at for e in episodes],
        "settle": [e.settle_at for e in episodes],
    }


def _episode(row: Row[tuple[object, ...]]) -> Episode:
    return Episode(
        episode_id=row.episode_id,
        customer_id=row.customer_id,
        county=row.county,
        tier=Tier(row.tier),
        severity=Severity(row.severity),
        priority=row.priority,
        opened_at=row.opened_at,
        version=row.version,
        closed_at=row.closed_at,
        outcome=row.outcome,
        proposal=_proposal(row),
        agreed_at=row.agreed_at,
        settle_at=row.settle_at,
    )


def _proposal(row: Row[tuple[object, ...]]) -> Proposal | None:
    if row.proposal_id is None:
        return None
    return Proposal(
        proposal_id=row.proposal_id,
        reason=row.proposal_reason,
        priority=row.proposal_priority,
        cause=row.proposal_cause,
        valid_until=row.valid_until,
        attempt=row.attempt,
        answer=row.answer,
        because=row.because,
        grant_id=row.grant_id,
        answered_at=row.answered_at,
        again_at=row.again_at,
    )
