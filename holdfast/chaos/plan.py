"""The facts of a run, made from its seed alone: numbered, repeated, out of order, some broken."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from holdfast.chaos.broken import BREAKAGES, USAGE_BREAKAGES
from holdfast.chaos.claims import claims_of
from holdfast.chaos.history import Expected
from holdfast.chaos.message import NUMBER_HEADER, Message, single_of
from holdfast.chaos.watched import SOURCE, Watched
from shared.events import arrow
from shared.events.billing import BillIssued, LotsOpened
from shared.events.catalogue import route_of
from shared.events.customers import CustomerProfile, Tier
from shared.events.event import CustomerEvent, Event, effect_id
from shared.events.partition import partition_of
from shared.events.usage import UsageBaseline, UsageRecorded
from shared.tracing import trace_of

CUSTOMERS = 600
# One message in 350: the worker's own limit is 10 of the last 1,000, and must not be met by chance.
BROKEN_EVERY = 350
RECENT = 300  # messages that may be sent again
# Of a hundred messages: the very same again, a bill under a new event id, and so on.
MIX = {"repeat": 6, "again": 2, "arrow": 6, "opening": 3, "profile": 4, "bill": 79}
# Of the same hundred, what comes on top for alerts.
USAGE_MIX = {"call": 24, "calls": 4, "heartbeat": 4, "plunge": 3, "request": 3}
ROWS = (5, 40)  # of an Arrow message
AMOUNTS = (1, 10_000)  # fen: one bill in a hundred earns nothing
MONTHS = tuple(f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 11))
COUNTY = "990101"


class Plan:
    """A deterministic stream of messages; the same seed and time give the same bytes but traces."""

    def __init__(self, seed: int, *, facts: int, at: datetime, usage: bool = True) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose.
        self._name = f"chaos/{seed}"
        self._facts = facts
        self._at = at
        self._number = 0
        self._bills = 0
        self._sequences: dict[int, int] = {}
        self._recent: deque[Message] = deque(maxlen=RECENT)
        self._watched = Watched(seed, at=at) if usage else None
        self._mix = MIX | USAGE_MIX if usage else MIX
        self._breakages = (*BREAKAGES, *USAGE_BREAKAGES) if usage else BREAKAGES
        ids = [self._random.randrange(1, 2**63) for _ in range(CUSTOMERS)]
        self._customers: Sequence[int] = ids
        self._neighbours: dict[int, list[int]] = {}
        for customer in ids:
            self._neighbours.setdefault(partition_of(customer), []).append(customer)

    def messages(self) -> Iterator[Message]:
        """All of them: `facts` sound ones and, in between, those that must be refused."""
        sent = 0
        for registration in self._watched.registrations() if self._watched else ():
            yield self._told(registration, partition=self._number)
            self._number += 1
        while sent < self._facts:
            if self._watched:
                self._watched.go_on(sent / self._facts)
            message = self._next()
            self._number += 1
            sent += message.facts
            yield message

    def _next(self) -> Message:
        if self._number % BROKEN_EVERY == BROKEN_EVERY // 2:
            return self._broken()
        (kind,) = self._random.choices(tuple(self._mix), tuple(self._mix.values()))
        usage = self._watched if kind in USAGE_MIX else None
        message = self._of_usage(kind, usage) if usage else self._of_kind(kind)
        self._recent.append(message)
        return message

    def _of_kind(self, kind: str) -> Message:
        match kind:
            case "repeat" if self._recent:
                return self._repeat()
            case "again":
                return self._bill_again()
            case "arrow":
                return self._bills_as_arrow()
            case "opening":
                return self._opening()
            case "profile":
                return self._profile()
            case _:
                return self._single(self._bill(self._customer()))

    def _of_usage(self, kind: str, watched: Watched) -> Message:
        match kind:
            case "calls":
                return self.calls_as_arrow(self._random.randint(*ROWS), watched)
            case "heartbeat":
                beat = watched.heartbeat()
                return self._told(beat, partition=beat.partition)
            case "plunge":
                return self._single(watched.plunge() or self._bill(self._customer()))
            case "request":
                return self._single(watched.request() or watched.call())
            case _:
                return self._single(watched.baseline() or watched.call())

    def _told(self, event: Event, *, partition: int) -> Message:
        """What belongs to a partition and to no customer."""
        expected = Expected(str(event.event_id), None)
        return replace(
            single_of(self._number, event, partition=partition, expected=expected), facts=0
        )

    def calls_as_arrow(self, count: int, watched: Watched) -> Message:
        partition, calls = watched.calls(count)
        batch: UUID = effect_id(self._name, "calls", self._number)
        rows = [call.model_dump() for call in calls]
        return self._arrow(UsageRecorded, rows, partition, Expected(str(batch), None, once=True))

    def _customer(self) -> int:
        return self._random.choice(self._customers)

    def _bill(self, customer: int) -> BillIssued:
        """A new bill of any month: months come out of order, and small ones earn nothing."""
        self._bills += 1
        return BillIssued(
            event_id=effect_id(self._name, "bill", self._bills),
            subject=f"bill/{self._bills}",
            at=self._at,
            customer_id=customer,
            county=COUNTY,
            bill_id=f"B{self._bills}",
            month=self._random.choice(MONTHS),
            amount_fen=self._random.randrange(*AMOUNTS),
        )

    def _single(self, event: CustomerEvent) -> Message:
        is_usage = isinstance(event, UsageRecorded | UsageBaseline)
        expected = Expected(
            str(event.event_id),
            event.key,
            tuple(claims_of(event)),
            sequence=event.sequence if isinstance(event, CustomerProfile) else None,
            # Usage is in its log already, and nobody but points asks for lots.
            merged=() if is_usage or isinstance(event, LotsOpened) else (str(event.event_id),),
        )
        return single_of(
            self._number,
            event,
            partition=partition_of(event.customer_id),
            expected=expected,
            source=SOURCE if is_usage else None,
        )

    def _repeat(self) -> Message:
        """The very same record under a new offset (a producer's retry, an upload done twice)."""
        first = self._random.choice(self._recent)
        headers = first.headers | {NUMBER_HEADER: str(self._number)}
        return replace(first, number=self._number, headers=headers)

    def _bill_again(self) -> Message:
        """A bill that billing sends again under another event id: it must count once."""
        singles = [m for m in self._recent if m.expected.claims and _is_single_bill(m)]
        if not singles:
            return self._single(self._bill(self._customer()))
        first = self._random.choice(singles)
        again = str(effect_id(self._name, "again", self._number))
        headers = first.headers | {NUMBER_HEADER: str(self._number), "ce_id": again}
        return replace(
            first,
            number=self._number,
            headers=headers,
            expected=replace(first.expected, message_id=again, merged=(again,)),
        )

    def _bills_as_arrow(self) -> Message:
        partition = self._random.choice(sorted(self._neighbours))
        bills = [
            self._bill(self._random.choice(self._neighbours[partition]))
            for _ in range(self._random.randint(*ROWS))
        ]
        return self.arrow_message(bills, partition)

    def arrow_message(self, bills: Sequence[BillIssued], partition: int) -> Message:
        batch: UUID = effect_id(self._name, "batch", self._number)
        expected = Expected(
            str(batch),
            None,
            tuple(c for b in bills for c in claims_of(b)),
            merged=tuple(
                str(effect_id(batch, BillIssued.event_type, row)) for row in range(len(bills))
            ),
        )
        rows = [bill.model_dump() for bill in bills]
        return self._arrow(BillIssued, rows, partition, expected)

    def _arrow(
        self,
        model: type[CustomerEvent],
        rows: Sequence[dict[str, Any]],
        partition: int,
        expected: Expected,
    ) -> Message:
        headers, value = arrow.encode_rows(
            model,
            rows,
            batch_id=UUID(expected.message_id),
            trace=trace_of(None, expected.message_id),
        )
        if model is UsageRecorded:
            headers["ce_source"] = f"/{SOURCE}"
        return Message(
            number=self._number,
            topic=route_of(model.event_type).topic.name,
            partition=partition,
            key=None,
            headers=headers | {NUMBER_HEADER: str(self._number)},
            value=value,
            expected=expected,
            facts=len(rows),
        )

    def _opening(self) -> Message:
        """Opening lots, each told once with its spending; told again it must say the same."""
        customer, cohort = self._customer(), self._random.choice((2023, 2024, 2025))
        granted = 1_000 + customer % 997
        return self._single(
            LotsOpened(
                event_id=effect_id(self._name, "lots", self._number),
                subject=f"customer/{customer}",
                at=self._at,
                customer_id=customer,
                county=COUNTY,
                programme="standard",
                cohort=cohort,
                granted=granted,
                spent=granted // 3,
            )
        )

    def _profile(self) -> Message:
        """Mostly the next version, now and then an old one that comes too late."""
        customer = self._customer()
        newest = self._sequences.get(customer, 0) + 1
        late = newest > 2 and self._random.random() < 0.2  # noqa: PLR2004 - there is an older one.
        sequence = self._random.randrange(1, newest) if late else newest
        self._sequences[customer] = max(newest if not late else 0, self._sequences.get(customer, 0))
        return self._single(
            CustomerProfile(
                event_id=effect_id(self._name, "profile", self._number),
                subject=f"customer/{customer}",
                sequence=sequence,
                at=self._at,
                customer_id=customer,
                county=COUNTY,
                tier=self._random.choice(list(Tier)),
                plan="5G-128",
                status_at=self._at,
                consent_at=self._at,
            )
        )

    def _broken(self) -> Message:
        """Each breakage in turn, on a bill or a profile that would have been sound."""
        breakage = self._breakages[self._number // BROKEN_EVERY % len(self._breakages)]
        customer = self._customer()
        if self._watched and breakage.form in {"call", "calls"}:
            whole = breakage.form == "call"
            sound = (
                self._single(self._watched.call())
                if whole
                else self.calls_as_arrow(4, self._watched)
            )
        elif breakage.form == "profile":
            sound = self._profile()
        elif breakage.form == "again":
            sound = self._bill_again()
        elif breakage.form == "arrow":
            partition = partition_of(customer)
            sound = self.arrow_message([self._bill(customer) for _ in range(4)], partition)
        else:
            sound = self._single(self._bill(customer))
        return breakage.of(sound)


def _is_single_bill(message: Message) -> bool:
    return message.key is not None and message.headers["ce_type"] == BillIssued.event_type
