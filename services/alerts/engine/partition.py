"""The engine of one partition: the log goes in, in order; hits come out (architecture §6).

Nothing here knows a clock, a database or Kafka. What was folded since `mark` can be taken back.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.alerts.engine import facts
from services.alerts.engine.hits import Hit, hit_of
from services.alerts.engine.kernel import fold_records
from services.alerts.engine.layout import (
    CONTRACTS,
    DAY,
    HIT,
    HOUR,
    LOCAL,
    SILENT,
    TRAIL,
    Numbers,
    Rows,
)
from services.alerts.engine.rows import CustomerRows
from services.alerts.engine.rules import Activation, activate, no_rules
from services.alerts.engine.scans import scan_expiry, scan_silence
from services.alerts.engine.sources import Sources, no_progress, scan_is_due
from shared.events.billing import BillIssued
from shared.events.customers import CustomerProfile
from shared.events.event import Event
from shared.events.touchpoints import DeactivationRequested
from shared.events.usage import UsageBaseline


class ControlGap(Exception):  # noqa: N818 - the message says what is missing.
    """A control message is missing from the log: going on would change what it decided."""


@dataclass
class Ledger:
    """Everything of a partition that is not a customer's row."""

    progress: Rows
    rules: Rows
    sources: Sources
    controls: dict[str, int]  # the highest number of each source of control messages
    sequences: dict[str, int]  # the highest ce_sequence of each source of single records


def new_ledger() -> Ledger:
    return Ledger(no_progress(), no_rules(), Sources(), {}, {})


class PartitionEngine:
    def __init__(self) -> None:
        self.rows = CustomerRows()
        self.ledger = new_ledger()
        self._before = self.ledger

    def mark(self) -> None:
        self._before = deepcopy(self.ledger)
        self.rows.mark()

    def undo(self) -> None:
        self.ledger = deepcopy(self._before)
        self.rows.undo()

    def fold_usage(self, records: Rows) -> list[Hit]:
        """Records of this partition's customers, in the order of the log."""
        if not len(records):
            return []
        rows, ledger = self.rows, self.ledger
        slots = rows.slots_of(records["customer"])
        records["slot"] = slots
        rows.remember(slots, cold=False)
        self._learn_counties(slots, records["county"])
        hits: Rows = np.zeros(len(records), HIT)
        found: list[Hit] = []
        start = 0
        while start < len(records):
            start, count = fold_records(
                records,
                start,
                rows.hot,
                rows.trails,
                ledger.progress[0],
                ledger.sources.latest,
                ledger.rules[0],
                hits,
            )
            found += self._described(hits[:count])
            found += self.scan_if_due()
        return found

    def _learn_counties(self, slots: Numbers, counties: Numbers) -> None:
        """Of customers whose profile is still to come; the first record says it."""
        unknown = self.rows.cold["county"][slots] == 0
        if unknown.any():
            self.rows.remember(slots[unknown])
            self.rows.cold["county"][slots[unknown][::-1]] = counties[unknown][::-1]

    def hear(self, source: str, at: int) -> list[Hit]:
        """A heartbeat of a source."""
        self.ledger.sources.hear(source, at, self.ledger.progress)
        return self.scan_if_due()

    def scan_if_due(self) -> list[Hit]:
        """Silence at every hour that the watermark crosses, contracts at every day."""
        progress = self.ledger.progress
        if not scan_is_due(progress):
            return []
        hour = int(progress[0]["watermark"]) // HOUR
        progress["scanned"] = hour
        found = self._scan_silence(hour * HOUR)
        day = (hour * HOUR + LOCAL) // DAY
        if day > int(progress[0]["rolled"]):
            progress["rolled"] = day
            found += self._scan_expiry(hour * HOUR)
        return found

    def _scan_silence(self, at: int) -> list[Hit]:
        rows = self.rows
        hits: Rows = np.zeros(max(1, rows.count), HIT)
        hits = hits[: scan_silence(rows.hot, rows.count, at, self.ledger.rules[0], hits)]
        if len(hits):
            rows.remember(hits["slot"])
            rows.hot["state"][hits["slot"]] |= SILENT
            fired = hits[hits["suppressed"] == 0]
            rows.hot["silence_at"][fired["slot"]] = at
        return self._described(self._with_trails(hits))

    def _scan_expiry(self, at: int) -> list[Hit]:
        rows = self.rows
        hits: Rows = np.zeros(max(1, rows.count * CONTRACTS), HIT)
        count = scan_expiry(rows.hot, rows.cold, rows.count, at, self.ledger.rules[0], hits)
        hits = hits[:count]
        if count:
            rows.remember(hits["slot"])
            rows.cold["contract_told"][hits["slot"], hits["baseline"]] = 1
        return self._described(self._with_trails(hits))

    def _with_trails(self, hits: Rows) -> Rows:
        for hit in hits:
            hit["trail"] = self.rows.hot["trail"][hit["slot"]]
            for place in range(TRAIL):
                hit["records"][place] = self.rows.trails["records"][hit["slot"]][place]
        return hits

    def _described(self, hits: Rows) -> list[Hit]:
        cold = self.rows.cold
        return [
            hit_of(hit, county=int(cold["county"][slot]), tier=int(cold["tier"][slot]))
            for hit in hits
            for slot in (hit["slot"],)
        ]

    def is_new_control(self, source: str, number: int) -> bool:
        """Whether a control message is the next of its source; a relay's repeat is not.

        Raises:
            ControlGap: messages before it are missing.
        """
        highest = self.ledger.controls.get(source, 0)
        if number > highest + 1:
            raise ControlGap(f"control messages {highest + 1} to {number - 1} of {source}")
        if number <= highest:
            return False
        self.ledger.controls[source] = number
        return True

    def is_new_record(self, source: str, sequence: int) -> bool:
        """Whether a single record is no repeat; a source without numbers is believed."""
        if sequence == 0:
            return True
        if sequence <= self.ledger.sequences.get(source, 0):
            return False
        self.ledger.sequences[source] = sequence
        return True

    def take_sequences(self, source: str, sequences: Numbers) -> Numbers:
        """As `is_new_record` for many at once: which of them are higher than all before them."""
        highest = self.ledger.sequences.get(source, 0)
        before = np.maximum.accumulate(np.concatenate([[highest], sequences]))
        self.ledger.sequences[source] = int(before[-1])
        return sequences > before[:-1]

    def activate(self, activation: Activation) -> None:
        activate(self.ledger.rules, activation)

    def apply(self, fact: Event) -> Hit | None:
        """A single fact about a customer; one that changes no row is answered with None."""
        match fact:
            case UsageBaseline():
                facts.apply_baseline(self._row(fact.customer_id), fact)
                return None
            case BillIssued():
                return facts.apply_bill(self._row(fact.customer_id), fact)
            case CustomerProfile():
                watermark = int(self.ledger.progress[0]["watermark"])
                return facts.apply_profile(self._row(fact.customer_id), fact, watermark)
            case DeactivationRequested():
                return facts.apply_deactivation(self._row(fact.customer_id), fact)
            case _:
                return None

    def _row(self, customer: int) -> facts.Row:
        slot = self.rows.slot_of(customer)
        self.rows.remember(np.array([slot], np.int32))
        hot: Any = self.rows.hot[slot]
        return facts.Row(hot, self.rows.cold[slot], self.ledger.rules[0])
