"""What forbids calls: portability and consent, the newest of each by event time (contracts §6)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.domain.gate import PORTING
from shared.events.customers import CustomerProfile, PortabilityState
from shared.events.touchpoints import RETENTION, ConsentChanged, PortabilityApplied

# A part without a time says nothing, and changes nothing.
_MERGE = text("""
    INSERT INTO guard AS g (customer_id, portability, portability_at, do_not_call, do_not_call_at,
                            allowed, consent_at)
    SELECT id, state, coalesce(state_at, '-infinity'), do_not_call,
           coalesce(do_not_call_at, '-infinity'), allowed, coalesce(consent_at, '-infinity')
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:state_times AS timestamptz[]),
        CAST(:do_not_call AS boolean[]), CAST(:do_not_call_times AS timestamptz[]),
        CAST(:allowed AS boolean[]), CAST(:consent_times AS timestamptz[])
    ) AS told (id, state, state_at, do_not_call, do_not_call_at, allowed, consent_at)
    ON CONFLICT (customer_id) DO UPDATE
    SET portability = CASE WHEN excluded.portability_at > g.portability_at
                           THEN excluded.portability ELSE g.portability END,
        portability_at = greatest(excluded.portability_at, g.portability_at),
        do_not_call = CASE WHEN excluded.do_not_call_at > g.do_not_call_at
                           THEN excluded.do_not_call ELSE g.do_not_call END,
        do_not_call_at = greatest(excluded.do_not_call_at, g.do_not_call_at),
        allowed = CASE WHEN excluded.consent_at > g.consent_at
                       THEN excluded.allowed ELSE g.allowed END,
        consent_at = greatest(excluded.consent_at, g.consent_at)
""")


async def merge_profiles(connection: AsyncConnection, profiles: Sequence[CustomerProfile]) -> None:
    """The guards as profiles tell them; sorted, one profile of each customer."""
    await connection.execute(
        _MERGE,
        {
            "ids": [p.customer_id for p in profiles],
            "states": [p.portability for p in profiles],
            "state_times": [p.portability_at or _undated(p) for p in profiles],
            "do_not_call": [p.do_not_call for p in profiles],
            "do_not_call_times": [p.consent_at for p in profiles],
            "allowed": [p.consent for p in profiles],
            "consent_times": [p.consent_at for p in profiles],
        },
    )


def _undated(profile: CustomerProfile) -> datetime | None:
    """An application without a date counts from the profile on; nothing else lifts one so."""
    return profile.at if profile.portability in PORTING else None


async def merge_consent(connection: AsyncConnection, changed: ConsentChanged) -> None:
    """The mark counts whatever the purpose; consent to something else neither forbids nor lifts."""
    ours = changed.purpose == RETENTION
    await connection.execute(
        _MERGE,
        {
            "ids": [changed.customer_id],
            "states": [PortabilityState.NONE],
            "state_times": [None],
            "do_not_call": [changed.do_not_call],
            "do_not_call_times": [changed.at],
            "allowed": [changed.allowed or not ours],
            "consent_times": [changed.at if ours else None],
        },
    )


async def merge_application(connection: AsyncConnection, applied: PortabilityApplied) -> None:
    await connection.execute(
        _MERGE,
        {
            "ids": [applied.customer_id],
            "states": [PortabilityState.APPLIED],
            "state_times": [applied.at],
            "do_not_call": [False],
            "do_not_call_times": [None],
            "allowed": [True],
            "consent_times": [None],
        },
    )


# The conditions of services/callcenter/domain/gate.py's Guard, for a whole batch at once.
_FORBIDDEN_WITH_TASKS = text("""
    SELECT DISTINCT t.customer_id
    FROM task t JOIN customer c USING (customer_id) JOIN guard g USING (customer_id)
    WHERE t.customer_id = ANY(CAST(:ids AS bigint[])) AND t.state = 'open'
      AND (g.portability IN ('applied', 'ported_out') OR g.do_not_call OR NOT g.allowed
           OR c.status <> 'active')
    ORDER BY 1
""")


async def forbidden_with_tasks(connection: AsyncConnection, customers: Sequence[int]) -> list[int]:
    """Which of them have open tasks although nobody may call them."""
    rows = await connection.execute(_FORBIDDEN_WITH_TASKS, {"ids": customers})
    return [row.customer_id for row in rows]
