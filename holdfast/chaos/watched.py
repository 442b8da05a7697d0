"""Customers whose usage a run tells, each with a fate that a rule must see (AL-01, 02, 04, 28)."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.alerts.domain import control
from shared.events.billing import BillIssued
from shared.events.catalogue import CUSTOMER_PARTITIONS
from shared.events.event import EventId, effect_id
from shared.events.partition import partition_of
from shared.events.touchpoints import Channel, DeactivationRequested
from shared.events.usage import (
    Direction,
    UsageBaseline,
    UsageControl,
    UsageHeartbeat,
    UsageKind,
    UsageRecorded,
)

SOURCE = "mediation"
CUSTOMERS = 400
FATES = ("plunge", "forwarding", "silence", "counter")
COUNTY = "990101"
SPAN = timedelta(days=10)  # of business time, from the first message of a run to its last
LATE = timedelta(hours=3)  # records come this much out of order
GAP_SECONDS = 3_600
CHINA = timedelta(hours=8)
USUAL_FEN = 10_000
PLUNGED_FEN = 3_000
SECONDS = (60, 1_200)  # of a call


class Watched:
    """Makes their facts as time goes from ten days ago to now; the seed decides everything."""

    def __init__(self, seed: int, *, at: datetime) -> None:
        self._random = random.Random(f"usage/{seed}")  # noqa: S311 - repeatable on purpose.
        self._name = f"chaos/{seed}/usage"
        self._begins = at - SPAN
        self._now = self._begins
        self._made = 0
        self._customers = [self._random.randrange(1, 2**63) for _ in range(CUSTOMERS)]
        self._unopened = list(self._customers)
        self._months: dict[int, str] = {}
        self._counter = self._of_fate("counter")
        self._sequences: Counter[int] = Counter()
        silent = set(self._of_fate("silence"))
        self._callers = [customer for customer in self._customers if customer not in silent]
        self._forwarding = frozenset(self._of_fate("forwarding"))
        self._neighbours: dict[int, list[int]] = {}
        for customer in self._callers:
            self._neighbours.setdefault(partition_of(customer), []).append(customer)

    def _of_fate(self, fate: str) -> list[int]:
        return self._customers[FATES.index(fate) :: len(FATES)]

    def go_on(self, share: float) -> None:
        """So much of the run is behind us."""
        self._now = self._begins + SPAN * min(share, 1.0)

    def registrations(self) -> Sequence[UsageControl]:
        """The one source of the run, told to every partition."""
        return [
            control.act_of(
                control.SOURCE_REGISTERED,
                {"source": SOURCE},
                partition=partition,
                number=1,
                at=self._begins,
                cause=self._name,
            )
            for partition in range(CUSTOMER_PARTITIONS)
        ]

    def heartbeat(self) -> UsageHeartbeat:
        partition = self._random.randrange(CUSTOMER_PARTITIONS)
        return UsageHeartbeat(
            event_id=self._id("beat"),
            subject=f"source/{SOURCE}",
            at=self._now,
            source=SOURCE,
            partition=partition,
        )

    def baseline(self) -> UsageBaseline | None:
        """Of the next customer; None once everybody has one."""
        if not self._unopened:
            return None
        customer = self._unopened.pop()
        if customer in self._of_fate("plunge"):
            self._months[customer] = f"{self._now + CHINA:%Y-%m}"
        return UsageBaseline(
            event_id=self._id("baseline"),
            subject=f"customer/{customer}",
            at=self._now,
            customer_id=customer,
            county=COUNTY,
            bills_fen=(USUAL_FEN,) * 12,
            daily_seconds=(600,) * 28,
            mean_gap_seconds=GAP_SECONDS,
            last_seen=self._now - timedelta(seconds=GAP_SECONDS),
        )

    def call(self) -> UsageRecorded:
        """A record of its own, numbered per source and partition."""
        customer = self._random.choice(self._callers)
        partition = partition_of(customer)
        self._sequences[partition] += 1
        return self._call(customer, sequence=self._sequences[partition])

    def calls(self, count: int) -> tuple[int, Sequence[UsageRecorded]]:
        """The rows of one Arrow message, and their partition."""
        partition = self._random.choice(sorted(self._neighbours))
        chosen = self._random.choices(self._neighbours[partition], k=count)
        return partition, [self._call(customer, sequence=0) for customer in chosen]

    def _call(self, customer: int, *, sequence: int) -> UsageRecorded:
        forwards = customer in self._forwarding and self._random.random() < 0.6  # noqa: PLR2004
        direction = Direction.FORWARDED if forwards else self._random.choice(list(Direction)[:2])
        event_id = self._id("call")
        return UsageRecorded(
            event_id=event_id,
            subject=f"customer/{customer}",
            sequence=sequence,
            at=self._now - LATE * self._random.random(),
            customer_id=customer,
            county=COUNTY,
            record_id=f"R{self._made}",
            kind=UsageKind.VOICE,
            direction=direction,
            seconds=self._random.randrange(*SECONDS),
        )

    def plunge(self) -> BillIssued | None:
        """The first bill after the baseline of somebody who uses much less than before."""
        if not self._months:
            return None
        customer, month = self._months.popitem()
        return BillIssued(
            event_id=self._id("plunge"),
            subject=f"customer/{customer}",
            at=self._now,
            customer_id=customer,
            county=COUNTY,
            bill_id=f"P{self._made}",
            month=month,
            amount_fen=PLUNGED_FEN,
        )

    def request(self) -> DeactivationRequested | None:
        if not self._counter:
            return None
        customer = self._counter.pop()
        event_id = self._id("request")
        return DeactivationRequested(
            event_id=event_id,
            subject=f"customer/{customer}",
            at=self._now,
            customer_id=customer,
            county=COUNTY,
            request_id=f"Q{self._made}",
            store=f"{COUNTY}001",
            channel=Channel.STORE,
        )

    def _id(self, kind: str) -> EventId:
        self._made += 1
        return effect_id(self._name, kind, self._made)
