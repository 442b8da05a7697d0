"""What is told to branches: written with the order's step, claimed for sending, settled.

Nobody holds a transaction while a mail server or an endpoint is spoken to: a claim is a lease.
Waits and leases are machine time by the database's clock.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ticketing.domain.delivering import Answer, Outcome
from services.ticketing.domain.mail_texts import Language, Names
from services.ticketing.domain.notices import Addressee, Channel, Notice


@dataclass(frozen=True)
class Outgoing:
    """A notice and its deliveries, of which those are kept whose addressee can be reached."""

    notice: Notice
    ids: Sequence[tuple[Addressee, UUID]]


_INSERT = text("""
    INSERT INTO delivery (delivery_id, order_id, order_no, county, kind, channel, unit, notice, at,
                          state, settled_at, answer)
    SELECT a.delivery_id, CAST(n.notice ->> 'order_id' AS uuid), n.notice ->> 'number',
           n.notice ->> 'county', n.notice ->> 'kind', a.channel, a.unit, n.notice,
           CAST(n.notice ->> 'at' AS timestamptz),
           CASE WHEN r.disabled_at IS NULL THEN 'waiting' ELSE 'failed' END,
           CASE WHEN r.disabled_at IS NOT NULL THEN clock_timestamp() END,
           CASE WHEN r.disabled_at IS NOT NULL THEN :disabled END
    FROM unnest(CAST(:notices AS jsonb[])) WITH ORDINALITY AS n (notice, place)
    JOIN unnest(CAST(:places AS bigint[]), CAST(:ids AS uuid[]), CAST(:channels AS text[]),
                CAST(:units AS text[])) AS a (place, delivery_id, channel, unit) USING (place)
    JOIN recipient r ON r.unit = a.unit AND r.channel = a.channel
    ORDER BY a.delivery_id
    ON CONFLICT (delivery_id) DO NOTHING
""")

DISABLED = "the endpoint answered 410 before: raise the organisation file's version to enable it"


async def insert(connection: AsyncConnection, outgoing: Sequence[Outgoing]) -> None:
    """Keep what is to be sent; a repeat is there already, a unit without an address gets none."""
    rows = [
        (place, addressee, delivery_id)
        for place, one in enumerate(outgoing, 1)
        for addressee, delivery_id in one.ids
    ]
    await connection.execute(
        _INSERT,
        {
            "notices": [one.notice.model_dump_json() for one in outgoing],
            "places": [place for place, _, _ in rows],
            "ids": [delivery_id for _, _, delivery_id in rows],
            "channels": [addressee.channel for _, addressee, _ in rows],
            "units": [addressee.unit for _, addressee, _ in rows],
            "disabled": DISABLED,
        },
    )


# From each destination's first row to the next destination's, whatever lies between.
_DUE = text("""
    WITH RECURSIVE found AS (
        (SELECT destination FROM delivery WHERE state IN ('waiting', 'sending')
         ORDER BY destination LIMIT 1)
        UNION ALL
        SELECT (SELECT d.destination FROM delivery d
                WHERE d.state IN ('waiting', 'sending') AND d.destination > found.destination
                ORDER BY d.destination LIMIT 1)
        FROM found WHERE found.destination IS NOT NULL
    )
    SELECT destination FROM found
    WHERE destination <> ALL(CAST(:busy AS text[])) AND EXISTS (
        SELECT FROM delivery d WHERE d.destination = found.destination
        AND d.state IN ('waiting', 'sending') AND d.next_at <= clock_timestamp())
""")


async def due_destinations(connection: AsyncConnection, busy: Collection[str]) -> list[str]:
    """Where something is to be sent now, but for these."""
    rows = await connection.execute(_DUE, {"busy": list(busy)})
    return [row.destination for row in rows]


@dataclass(frozen=True)
class Parcel:
    """One delivery that is ours to send until its lease ends; `attempt` fences its receipt."""

    delivery_id: UUID
    attempt: int
    channel: Channel
    unit: str
    notice: Notice
    created_at: datetime
    address: str | None
    language: Language
    secret: str | None
    names: Names


_CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT delivery_id FROM delivery
        WHERE destination = :destination AND state IN ('waiting', 'sending')
          AND next_at <= clock_timestamp()
        ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE delivery d SET state = 'sending', attempts = d.attempts + 1,
               next_at = clock_timestamp() + make_interval(secs => :lease)
        FROM due WHERE d.delivery_id = due.delivery_id
        RETURNING d.*
    )
    SELECT c.delivery_id, c.attempts, c.channel, c.unit, c.notice, c.created_at,
           r.address, r.language, r.secret, u.retention_owner, p.dispatcher,
           u.name_zh AS county_zh, u.name_en AS county_en,
           p.name_zh AS department_zh, p.name_en AS department_en
    FROM claimed c
    LEFT JOIN recipient r ON r.unit = c.unit AND r.channel = c.channel AND r.disabled_at IS NULL
    LEFT JOIN org_unit u ON u.code = c.county
    LEFT JOIN org_unit p ON p.code = c.notice ->> 'department'
    ORDER BY c.created_at, c.delivery_id
""")


async def claim(
    connection: AsyncConnection, destination: str, *, most: int, lease_seconds: float
) -> list[Parcel]:
    """Take what is due for a destination; who does not settle it in time loses it again."""
    rows = await connection.execute(
        _CLAIM, {"destination": destination, "most": most, "lease": lease_seconds}
    )
    return [_parcel(row) for row in rows]


def _parcel(row: Any) -> Parcel:  # noqa: ANN401 - a row's columns have no types.
    notice = Notice.model_validate(row.notice)
    language = Language(row.language or Language.ZH)
    zh = language is Language.ZH
    return Parcel(
        delivery_id=row.delivery_id,
        attempt=row.attempts,
        channel=Channel(row.channel),
        unit=row.unit,
        notice=notice,
        created_at=row.created_at,
        address=row.address,
        language=language,
        secret=row.secret,
        names=Names(
            county=(row.county_zh if zh else row.county_en) or notice.county,
            department=(row.department_zh if zh else row.department_en) or notice.department,
            retention_owner=row.retention_owner,
            dispatcher=row.dispatcher,
        ),
    )


@dataclass(frozen=True)
class Receipt:
    """What came of one try; `wait_seconds` None: there is no further one."""

    parcel: Parcel
    answer: Answer
    sent_to: str | None
    wait_seconds: float | None

    @property
    def state(self) -> str:
        if self.answer.outcome is Outcome.DELIVERED:
            return "delivered"
        return "failed" if self.wait_seconds is None else "waiting"


# Who lost the lease meanwhile settles nothing, but what came of it is kept all the same.
_SETTLE = text("""
    WITH tried AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:ids AS uuid[]), CAST(:attempts AS smallint[]), CAST(:states AS text[]),
            CAST(:waits AS float8[]), CAST(:outcomes AS text[]), CAST(:sent_to AS text[]),
            CAST(:statuses AS int[]), CAST(:answers AS text[])
        ) AS t (delivery_id, attempt, state, wait, outcome, sent_to, status, answer)
    ), told AS (
        INSERT INTO delivery_receipt (delivery_id, outcome, sent_to, status, answer)
        SELECT delivery_id, outcome, sent_to, status, answer FROM tried
    )
    UPDATE delivery d SET
        state = t.state, status = t.status, answer = t.answer, sent_to = t.sent_to,
        next_at = clock_timestamp() + make_interval(secs => t.wait),
        settled_at = CASE WHEN t.state <> 'waiting' THEN clock_timestamp() END
    FROM tried t
    WHERE d.delivery_id = t.delivery_id AND d.attempts = t.attempt AND d.state = 'sending'
""")


async def settle(connection: AsyncConnection, receipts: Sequence[Receipt]) -> None:
    await connection.execute(
        _SETTLE,
        {
            "ids": [one.parcel.delivery_id for one in receipts],
            "attempts": [one.parcel.attempt for one in receipts],
            "states": [one.state for one in receipts],
            "waits": [one.wait_seconds or 0.0 for one in receipts],
            "outcomes": [one.answer.outcome for one in receipts],
            "sent_to": [one.sent_to for one in receipts],
            "statuses": [one.answer.status for one in receipts],
            "answers": [one.answer.kept for one in receipts],
        },
    )


_DISABLE = text("""
    WITH gone AS (
        UPDATE recipient SET disabled_at = clock_timestamp()
        WHERE unit = ANY(CAST(:units AS text[])) AND channel = 'webhook' AND disabled_at IS NULL
    )
    UPDATE delivery SET state = 'failed', settled_at = clock_timestamp(), answer = :disabled
    WHERE destination = ANY(CAST(:destinations AS text[])) AND state = 'waiting'
""")


async def disable_endpoints(connection: AsyncConnection, units: Collection[str]) -> None:
    """These want no more: what waits for them has failed, and can be sent again once enabled."""
    await connection.execute(
        _DISABLE,
        {
            "units": sorted(units),
            "destinations": sorted(f"{Channel.WEBHOOK}/{unit}" for unit in units),
            "disabled": DISABLED,
        },
    )
