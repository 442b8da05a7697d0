"""What other services and systems tell of a customer, kept for whoever talks to them."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.alerts import AlertRaised, EpisodeClosed, EpisodeOpened
from shared.events.billing import BillIssued
from shared.events.points import PointsAtRiskChanged
from shared.events.ticketing import DeadlineBreached, Escalated, WorkOrderDispatched
from shared.events.touchpoints import ComplaintFiled, LeavingSignalled, PortabilityQueried

_BILLS = text("""
    INSERT INTO bill (customer_id, bill_id, month, amount_fen)
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:bills AS text[]), CAST(:months AS text[]),
                         CAST(:amounts AS bigint[])) AS b (customer_id, bill_id, month, amount_fen)
    ORDER BY customer_id, bill_id
    ON CONFLICT DO NOTHING
""")


async def add_bills(connection: AsyncConnection, bills: Sequence[BillIssued]) -> None:
    """Bills by their own ids: a repeat changes nothing."""
    await connection.execute(
        _BILLS,
        {
            "ids": [b.customer_id for b in bills],
            "bills": [b.bill_id for b in bills],
            "months": [b.month for b in bills],
            "amounts": [b.amount_fen for b in bills],
        },
    )


_EPISODE = text("""
    INSERT INTO episode AS e (episode_id, customer_id, severity, priority, opened_at)
    VALUES (:episode_id, :customer_id, :severity, :priority, :at)
    ON CONFLICT (episode_id) DO UPDATE
    SET severity = excluded.severity, priority = excluded.priority
""")
_EPISODE_CLOSED = text("""
    UPDATE episode SET closed_at = :at, outcome = :outcome WHERE episode_id = :episode_id
""")
_ALERT = text("""
    INSERT INTO alert (alert_id, customer_id, episode_id, rule, rule_version, severity, evidence,
                       raised_at)
    VALUES (:alert_id, :customer_id, :episode_id, :rule, :rule_version, :severity,
            CAST(:evidence AS jsonb), :at)
    ON CONFLICT DO NOTHING
""")


async def open_episode(connection: AsyncConnection, opened: EpisodeOpened) -> None:
    """An episode that is told again has grown in severity."""
    await connection.execute(
        _EPISODE,
        {
            "episode_id": opened.episode_id,
            "customer_id": opened.customer_id,
            "severity": opened.severity,
            "priority": opened.priority,
            "at": opened.at,
        },
    )


async def close_episode(connection: AsyncConnection, closed: EpisodeClosed) -> None:
    await connection.execute(
        _EPISODE_CLOSED,
        {"episode_id": closed.episode_id, "outcome": closed.outcome, "at": closed.at},
    )


async def add_alert(connection: AsyncConnection, raised: AlertRaised) -> None:
    await connection.execute(
        _ALERT,
        {
            "alert_id": raised.alert_id,
            "customer_id": raised.customer_id,
            "episode_id": raised.episode_id,
            "rule": raised.rule,
            "rule_version": raised.rule_version,
            "severity": raised.severity,
            "evidence": raised.evidence.model_dump_json(),
            "at": raised.at,
        },
    )


_AT_RISK = text("""
    INSERT INTO at_risk AS kept (customer_id, points, clears_on, told_at)
    VALUES (:customer_id, :points, :clears_on, :at)
    ON CONFLICT (customer_id) DO UPDATE
    SET points = excluded.points, clears_on = excluded.clears_on, told_at = excluded.told_at
    WHERE kept.told_at <= excluded.told_at
""")


async def set_at_risk(connection: AsyncConnection, changed: PointsAtRiskChanged) -> None:
    await connection.execute(
        _AT_RISK,
        {
            "customer_id": changed.customer_id,
            "points": changed.points,
            "clears_on": changed.clears_on,
            "at": changed.at,
        },
    )


_SIGNAL = text("""
    INSERT INTO signal (event_id, customer_id, kind, channel, reference, at)
    VALUES (:event_id, :customer_id, :kind, :channel, :reference, :at) ON CONFLICT DO NOTHING
""")


async def add_signal(
    connection: AsyncConnection,
    kind: str,
    signal: LeavingSignalled | ComplaintFiled | PortabilityQueried,
) -> None:
    await connection.execute(
        _SIGNAL,
        {
            "event_id": signal.event_id,
            "customer_id": signal.customer_id,
            "kind": kind,
            "channel": signal.channel,
            "reference": signal.reference,
            "at": signal.at,
        },
    )


_DISPATCHED = text("""
    INSERT INTO work_order AS o (order_id, customer_id, number, order_type, state, due_at, sequence,
                                 moved_at)
    VALUES (:order_id, :customer_id, :number, :order_type, 'new', :due_at, :sequence, :at)
    ON CONFLICT (order_id) DO UPDATE
    SET number = excluded.number, order_type = excluded.order_type,
        state = CASE WHEN excluded.sequence > o.sequence THEN excluded.state ELSE o.state END,
        due_at = CASE WHEN excluded.sequence > o.sequence THEN excluded.due_at ELSE o.due_at END,
        moved_at = greatest(o.moved_at, excluded.moved_at),
        sequence = greatest(o.sequence, excluded.sequence)
""")
_ESCALATED = text("""
    UPDATE work_order SET escalated = greatest(escalated, CAST(:level AS int))
    WHERE order_id = :order_id
""")
_BREACHED = text("UPDATE work_order SET breached = true WHERE order_id = :order_id")


async def dispatch_order(connection: AsyncConnection, dispatched: WorkOrderDispatched) -> None:
    """The newest of an order's facts wins; its number and type are in this one alone."""
    await connection.execute(
        _DISPATCHED,
        {
            "order_id": dispatched.order_id,
            "customer_id": dispatched.customer_id,
            "number": dispatched.number,
            "order_type": dispatched.order_type,
            "due_at": dispatched.due_at,
            "sequence": dispatched.sequence,
            "at": dispatched.at,
        },
    )


async def breach_order(connection: AsyncConnection, breached: DeadlineBreached) -> None:
    await connection.execute(_BREACHED, {"order_id": breached.order_id})


async def escalate_order(connection: AsyncConnection, escalated: Escalated) -> None:
    await connection.execute(_ESCALATED, {"order_id": escalated.order_id, "level": escalated.level})
