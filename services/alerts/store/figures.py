"""Sums over episodes and hits, and how much usage came in."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_HITS = text("""
    SELECT r.code AS rule, count(h.alert_id) AS hits, count(DISTINCT h.episode_id) AS episodes
    FROM rule r LEFT JOIN hit h ON h.rule = r.code GROUP BY r.code ORDER BY r.code
""")

_EPISODES = text("""
    SELECT state, coalesce(outcome, '') AS outcome, count(*) AS episodes
    FROM episode GROUP BY 1, 2 ORDER BY 1, 2
""")

_PROPOSALS = text("""
    SELECT coalesce(answer, 'open') AS answer, coalesce(because, '') AS because,
           count(*) AS proposals
    FROM episode WHERE proposal_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
""")

_SUPPRESSIONS = text("SELECT count(*) FROM suppression")

_RECORDS = text("""
    SELECT coalesce(sum(accepted), 0)::bigint AS accepted,
           coalesce(sum(parked), 0)::bigint AS parked FROM ingest_batch
""")


@dataclass(frozen=True)
class OfRule:
    rule: str
    hits: int
    episodes: int


@dataclass(frozen=True)
class OfState:
    """`outcome` is empty while episodes are open."""

    state: str
    outcome: str
    episodes: int


@dataclass(frozen=True)
class OfAnswer:
    """What callcenter answered to the last proposal of each episode; `open`: nothing yet."""

    answer: str
    because: str
    proposals: int


@dataclass(frozen=True)
class Records:
    accepted: int
    parked: int


async def by_rule(connection: AsyncConnection) -> list[OfRule]:
    return [OfRule(**row) for row in (await connection.execute(_HITS)).mappings()]


async def by_state(connection: AsyncConnection) -> list[OfState]:
    return [OfState(**row) for row in (await connection.execute(_EPISODES)).mappings()]


async def by_answer(connection: AsyncConnection) -> list[OfAnswer]:
    return [OfAnswer(**row) for row in (await connection.execute(_PROPOSALS)).mappings()]


async def suppressions(connection: AsyncConnection) -> int:
    return int((await connection.execute(_SUPPRESSIONS)).scalar_one())


async def records(connection: AsyncConnection) -> Records:
    """Call records as their sources sent them, repeats of a batch once."""
    return Records(**(await connection.execute(_RECORDS)).mappings().one())
