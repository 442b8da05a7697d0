"""One engine with the shipped rules, and what goes into it: records, bills, profiles, baselines."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np

from services.alerts.engine.facts import microseconds
from services.alerts.engine.hits import Hit
from services.alerts.engine.layout import DIRECTIONS, KINDS, RECORD, Rows
from services.alerts.engine.partition import PartitionEngine
from services.alerts.engine.rules import Activation
from shared.events.billing import BillIssued
from shared.events.customers import Contract, CustomerProfile, Tier
from shared.events.event import EventId
from shared.events.touchpoints import Channel, DeactivationRequested
from shared.events.usage import UsageBaseline

FRIDAY = datetime(2026, 2, 26, 23, tzinfo=UTC)  # 07:00 of 2026-02-27 in Shanghai
SHIPPED = (
    Activation(
        rule="AL-01",
        version=1,
        cool_down_days=7,
        parameters={"plunge_percent": 30, "plunge_mean_fen_min": 5_000, "warm_up_days": 14},
    ),
    Activation(
        rule="AL-02",
        version=1,
        cool_down_days=7,
        parameters={"forwarded_percent": 40, "forwarded_seconds_min": 1_800},
    ),
    Activation(rule="AL-04", version=1, cool_down_days=7, parameters={}),
    Activation(rule="AL-06", version=1, cool_down_days=0, parameters={"expiry_days": 30}),
    Activation(
        rule="AL-28",
        version=1,
        cool_down_days=7,
        parameters={
            "silence_seconds_min": 72 * 3_600,
            "silence_gaps": 6,
            "silence_records_min": 10,
            "warm_up_days": 14,
        },
    ),
)


def an_engine(*, source: bool = True, rules: Sequence[Activation] = SHIPPED) -> PartitionEngine:
    engine = PartitionEngine()
    for activation in rules:
        engine.activate(activation)
    if source:
        engine.ledger.sources.register("mediation")
    return engine


def a_record(
    at: datetime,
    *,
    customer: int = 7,
    kind: str = "voice",
    direction: str = "out",
    seconds: int = 60,
    source: int = 0,
) -> Rows:
    message = uuid4()
    row: Rows = np.zeros(1, RECORD)
    row["customer"], row["at"], row["county"] = customer, microseconds(at), 990101
    row["message_high"], row["message_low"] = message.int >> 64, message.int & (2**64 - 1)
    row["row"], row["seconds"], row["source"] = -1, seconds, source
    row["kind"], row["direction"] = KINDS.index(kind), DIRECTIONS.index(direction)
    return row


def together(records: Sequence[Rows]) -> Rows:
    return np.concatenate(list(records))


def fired(hits: Sequence[Hit]) -> list[str]:
    return [hit.rule for hit in hits if not hit.suppressed]


def _identity(customer: int, at: datetime) -> dict[str, object]:
    return {
        "event_id": EventId(uuid4()),
        "subject": f"customer/{customer}",
        "at": at,
        "customer_id": customer,
        "county": "990101",
    }


def a_baseline(*, customer: int = 7, at: datetime = FRIDAY, **differs: object) -> UsageBaseline:
    fields: dict[str, object] = {
        "bills_fen": (10_000,) * 12,
        "daily_seconds": (600,) * 28,
        "mean_gap_seconds": 3_600,
        "last_seen": at - timedelta(hours=1),
    }
    return UsageBaseline.model_validate(_identity(customer, at) | fields | differs)


def a_bill(
    yuan: int, *, customer: int = 7, month: str = "2026-02", at: datetime = FRIDAY
) -> BillIssued:
    fields: dict[str, object] = {"bill_id": f"B-{month}", "month": month, "amount_fen": yuan * 100}
    return BillIssued.model_validate(_identity(customer, at) | fields)


def a_profile(
    *ends: date,
    customer: int = 7,
    sequence: int = 1,
    at: datetime = FRIDAY,
    **differs: object,
) -> CustomerProfile:
    contracts = tuple(
        Contract(contract_id=f"C-{end}", kind="terminal", ends_on=end) for end in ends
    )
    fields: dict[str, object] = {
        "sequence": sequence,
        "tier": Tier.GOLD,
        "plan": "5G-128",
        "contracts": contracts,
        "status_at": at,
        "consent_at": at,
    }
    return CustomerProfile.model_validate(_identity(customer, at) | fields | differs)


def a_deactivation(at: datetime = FRIDAY) -> DeactivationRequested:
    fields: dict[str, object] = {
        "request_id": f"Q-{at.isoformat()}",
        "store": "990101001",
        "channel": Channel.STORE,
    }
    return DeactivationRequested.model_validate(_identity(7, at) | fields)


def ids(hits: Sequence[Hit]) -> list[UUID]:
    return [hit.alert_id for hit in hits]
