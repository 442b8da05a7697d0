"""What the audit proves: replaying the entries gives the balances, to the point."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DIFFERENCES_SHOWN_MAX = 100


@dataclass(frozen=True)
class Difference:
    """Something that does not add up; nothing may explain it away."""

    about: str
    said: str


@dataclass(frozen=True)
class Audit:
    """One snapshot of the ledger, checked."""

    entries: int
    lots: int
    redemptions: int
    customer_balance: int
    lot_balance: int
    differences: tuple[Difference, ...]
    ledger_hash: str

    @property
    def clean(self) -> bool:
        return not self.differences


def lot_difference(row: Mapping[str, Any]) -> Difference:
    """Names each counter that differs from its replay; a lot that is not there has None."""
    counters = (
        ("granted", row["lot_granted"], row["granted"]),
        ("spent", row["lot_spent"], row["spent"]),
        ("expired", row["lot_expired"], row["expired"]),
        ("held", row["lot_held"], row["held"]),
        ("version", row["lot_version"], row["version"]),
        ("version", row["lot_version"], row["entries"]),
        ("version", row["lot_version"], row["versions"]),
    )
    said = [f"{name} {kept}, replay {told}" for name, kept, told in counters if kept != told]
    return Difference(
        f"lot {row['customer_id']}/{row['programme']}/{row['cohort']}",
        "; ".join(dict.fromkeys(said)),
    )


def entry_difference(row: Mapping[str, Any]) -> Difference:
    return Difference(
        f"entry {row['customer_id']}/{row['entry_id']}",
        f"{row['kind']} {row['amount']} for {row['reference']} is not what was posted",
    )


def redemption_difference(row: Mapping[str, Any]) -> Difference:
    return Difference(
        f"redemption {row['customer_id']}/{row['redemption_id']}",
        f"{row['redemption_points']} points, entries {row['points']}; "
        f"{row['redemption_reversed']} reversed, entries {row['reversed']}",
    )


def balance_difference(customer_balance: int, lot_balance: int) -> tuple[Difference, ...]:
    """Double entry's own sum: what all customers hold by entries and by lots."""
    if customer_balance == lot_balance:
        return ()
    return (Difference("ledger", f"entries hold {customer_balance}, lots {lot_balance}"),)
