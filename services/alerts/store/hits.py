"""Hits with their evidence, suppressions, and the records that began a causal chain."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.engine.facts import moment
from services.alerts.engine.hits import Hit
from shared.events.alerts import AlertRaised

_KNOWN = text("SELECT alert_id FROM hit WHERE alert_id = ANY(:alerts)")

_INSERT = text("""
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:alerts AS uuid[]), CAST(:episodes AS uuid[]), CAST(:customers AS bigint[]),
            CAST(:rules AS text[]), CAST(:versions AS int[]), CAST(:severities AS text[]),
            CAST(:times AS timestamptz[]), CAST(:causes AS text[]), CAST(:cause_types AS text[]),
            CAST(:bodies AS jsonb[])
        ) AS t (alert_id, episode_id, customer_id, rule, rule_version, severity, at, cause_id,
                cause_type, body)
    ), hits AS (
        INSERT INTO hit (alert_id, episode_id, customer_id, rule, rule_version, severity, at,
                         cause_id, cause_type)
        SELECT alert_id, episode_id, customer_id, rule, rule_version, severity, at, cause_id,
               cause_type FROM told ORDER BY alert_id
    )
    INSERT INTO evidence (alert_id, body) SELECT alert_id, body FROM told ORDER BY alert_id
""")

# What comes from outside left no trace in an outbox: the chain of an alert begins with this row.
_LINK = text("""
    INSERT INTO event_link (event_id, type, subject, at)
    SELECT DISTINCT ON (id) id, type, 'customer/' || customer, at FROM unnest(
        CAST(:causes AS uuid[]), CAST(:types AS text[]), CAST(:customers AS bigint[]),
        CAST(:times AS timestamptz[])
    ) AS caused (id, type, customer, at) ORDER BY id
""")

_SUPPRESS = text("""
    INSERT INTO suppression (alert_id, customer_id, county, rule, rule_version, reason, at)
    SELECT * FROM unnest(
        CAST(:alerts AS uuid[]), CAST(:customers AS bigint[]), CAST(:counties AS text[]),
        CAST(:rules AS text[]), CAST(:versions AS int[]), CAST(:reasons AS text[]),
        CAST(:times AS timestamptz[])
    ) AS s (alert_id, customer_id, county, rule, rule_version, reason, at) ORDER BY alert_id
    ON CONFLICT (alert_id) DO NOTHING
""")


async def known(connection: AsyncConnection, hits: Sequence[Hit]) -> set[UUID]:
    """Which of these were told before: a log that is folded again repeats its alerts."""
    if not hits:
        return set()
    rows = await connection.execute(_KNOWN, {"alerts": [hit.alert_id for hit in hits]})
    return {row.alert_id for row in rows}


async def insert(
    connection: AsyncConnection, hits: Sequence[Hit], raised: Sequence[AlertRaised]
) -> None:
    """Write hits, the facts told of them, and the records that caused them."""
    if not hits:
        return
    await connection.execute(
        _INSERT,
        {
            "alerts": [fact.alert_id for fact in raised],
            "episodes": [fact.episode_id for fact in raised],
            "customers": [fact.customer_id for fact in raised],
            "rules": [fact.rule for fact in raised],
            "versions": [fact.rule_version for fact in raised],
            "severities": [fact.severity for fact in raised],
            "times": [fact.at for fact in raised],
            "causes": [fact.cause_id for fact in raised],
            "cause_types": [fact.cause_type for fact in raised],
            "bodies": [fact.evidence.model_dump_json() for fact in raised],
        },
    )
    caused = [hit for hit in hits if hit.cause_id]
    await connection.execute(
        _LINK,
        {
            "causes": [UUID(hit.cause_id) for hit in caused],
            "types": [hit.cause_type for hit in caused],
            "customers": [hit.customer_id for hit in caused],
            "times": [moment(hit.usage[-1].at if hit.usage else hit.at) for hit in caused],
        },
    )


async def suppress(connection: AsyncConnection, hits: Sequence[Hit], reason: str) -> None:
    """A hit that opens nothing is a row with its reason."""
    if not hits:
        return
    await connection.execute(
        _SUPPRESS,
        {
            "alerts": [hit.alert_id for hit in hits],
            "customers": [hit.customer_id for hit in hits],
            "counties": [f"{hit.county:06d}" for hit in hits],
            "rules": [hit.rule for hit in hits],
            "versions": [hit.version for hit in hits],
            "reasons": [reason] * len(hits),
            "times": [moment(hit.at) for hit in hits],
        },
    )
