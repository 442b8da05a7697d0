"""A rule's edge on one customer, with the numbers and the records that explain it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from services.alerts.engine.layout import (
    BILL_PLUNGE,
    CALL_FORWARDING,
    CODES,
    CONTRACT_EXPIRY,
    DEACTIVATION,
    DIRECTIONS,
    KINDS,
    SILENCE,
    TRAIL,
)
from shared.events.event import NAMESPACE, effect_id
from shared.events.usage import UsageRecorded

UNITS = {
    BILL_PLUNGE: "fen",
    CALL_FORWARDING: "percent",
    DEACTIVATION: "requests",
    CONTRACT_EXPIRY: "days",
    SILENCE: "seconds",
}


@dataclass(frozen=True)
class UsageCopy:
    """A usage record as the row kept it."""

    event_id: UUID
    at: int
    kind: str
    direction: str
    seconds: int
    kilobytes: int
    fen: int


@dataclass(frozen=True)
class Hit:
    """`cause_id` is the fact that moved the rule; a scan's is the customer's last record."""

    customer_id: int
    county: int
    tier: int
    rule: str
    version: int
    at: int
    value: float
    baseline: float | None
    threshold: float
    window_from: int
    window_to: int
    unit: str
    suppressed: bool
    cause_id: str | None
    cause_type: str | None
    usage: tuple[UsageCopy, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def alert_id(self) -> UUID:
        """From customer, rule, version and the edge's event time: a replay repeats it."""
        return uuid5(NAMESPACE, f"alert/{self.customer_id}/{self.rule}/{self.version}/{self.at}")


def event_id_of(high: int, low: int, row: int) -> UUID:
    """The id of a usage record: its own, or derived from its message and row."""
    message = UUID(int=(high << 64) | low)
    return message if row < 0 else effect_id(message, UsageRecorded.event_type, row)


def usage_of(hit: Any) -> tuple[UsageCopy, ...]:  # noqa: ANN401 - a row.
    """The records of a raw hit, oldest first."""
    first = int(hit["trail"])
    ordered = [hit["records"][(first + n) % TRAIL] for n in range(TRAIL)]
    return tuple(
        UsageCopy(
            event_id=event_id_of(
                int(kept["message_high"]), int(kept["message_low"]), int(kept["row"])
            ),
            at=int(kept["at"]),
            kind=KINDS[int(kept["kind"])],
            direction=DIRECTIONS[int(kept["direction"])],
            seconds=int(kept["seconds"]),
            kilobytes=int(kept["kilobytes"]),
            fen=int(kept["fen"]),
        )
        for kept in ordered
        if int(kept["at"]) > 0
    )


def hit_of(raw: Any, *, county: int, tier: int) -> Hit:  # noqa: ANN401 - a row.
    """What the kernel or a scan found, in the rule's own units."""
    rule = int(raw["rule"])
    usage = usage_of(raw)
    value, baseline = float(raw["value"]), float(raw["baseline"])
    if rule == CALL_FORWARDING:
        value, baseline = round(value * 100 / baseline, 1), round(baseline / 60, 1)
    last = usage[-1] if usage else None
    return Hit(
        customer_id=int(raw["customer"]),
        county=county,
        tier=tier,
        rule=CODES[rule],
        version=int(raw["version"]),
        at=int(raw["at"]),
        value=value,
        baseline=None if rule == CONTRACT_EXPIRY else baseline,
        threshold=float(raw["threshold"]),
        window_from=int(raw["window_from"]),
        window_to=int(raw["window_to"]),
        unit=UNITS[rule],
        suppressed=bool(raw["suppressed"]),
        cause_id=str(last.event_id) if last else None,
        cause_type=UsageRecorded.event_type if last else None,
        usage=usage,
    )
