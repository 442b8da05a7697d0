"""The facts of a run, made from its seed alone: numbered, repeated, out of order, some broken."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from holdfast.chaos.broken import BREAKAGES
from holdfast.chaos.history import Claim, Expected
from shared.events import arrow, envelope
from shared.events.billing import BillIssued, LotsOpened
from shared.events.catalogue import route_of
from shared.events.customers import CustomerProfile, Tier
from shared.events.event import CustomerEvent, effect_id
from shared.events.partition import partition_of
from shared.tracing import trace_of

CUSTOMERS = 600
# One message in 500: the worker's own limit is 10 of the last 1,000, and must not be met by chance.
BROKEN_EVERY = 500
RECENT = 300  # messages that may be sent again
# Of a hundred messages: the very same again, a bill under a new event id, and so on.
MIX = {"repeat": 6, "again": 2, "arrow": 6, "opening": 3, "profile": 4, "bill": 79}
ROWS = (5, 40)  # of an Arrow message
AMOUNTS = (1, 10_000)  # fen: one bill in a hundred earns nothing
NUMBER_HEADER = "chaosnumber"
MONTHS = tuple(f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 11))
YEAR_ENDS_MONTH = 11
COUNTY = "990101"


@dataclass(frozen=True)
class Message:
    """One record as it will be sent, and what must come of it."""

    number: int
    topic: str
    partition: int
    key: str | None
    headers: dict[str, str]
    value: bytes
    expected: Expected
    facts: int


class Plan:
    """A deterministic stream of messages; the same seed and time give the same bytes but traces."""

    def __init__(self, seed: int, *, facts: int, at: datetime) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose.
        self._name = f"chaos/{seed}"
        self._facts = facts
        self._at = at
        self._number = 0
        self._bills = 0
        self._sequences: dict[int, int] = {}
        self._recent: deque[Message] = deque(maxlen=RECENT)
        ids = [self._random.randrange(1, 2**63) for _ in range(CUSTOMERS)]
        self._customers: Sequence[int] = ids
        self._neighbours: dict[int, list[int]] = {}
        for customer in ids:
            self._neighbours.setdefault(partition_of(customer), []).append(customer)

    def messages(self) -> Iterator[Message]:
        """All of them: `facts` sound ones and, in between, those that must be refused."""
        sent = 0
        while sent < self._facts:
            message = self._next()
            self._number += 1
            sent += message.facts
            yield message

    def _next(self) -> Message:
        if self._number % BROKEN_EVERY == BROKEN_EVERY // 2:
            return self._broken()
        (kind,) = self._random.choices(tuple(MIX), tuple(MIX.values()))
        message = self._of_kind(kind)
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

    def _single(self, event: CustomerEvent, *, facts: int = 1) -> Message:
        headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
        sequence = event.sequence if isinstance(event, CustomerProfile) else None
        return Message(
            number=self._number,
            topic=route_of(event.event_type).topic.name,
            partition=partition_of(event.customer_id),
            key=event.key,
            headers=headers | {NUMBER_HEADER: str(self._number)},
            value=value,
            expected=Expected(
                str(event.event_id), event.key, tuple(claims_of(event)), (), sequence
            ),
            facts=facts,
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
            expected=replace(first.expected, message_id=again),
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
        headers, value = arrow.encode_rows(
            BillIssued,
            [bill.model_dump() for bill in bills],
            batch_id=batch,
            trace=trace_of(None, str(batch)),
        )
        return Message(
            number=self._number,
            topic=route_of(BillIssued.event_type).topic.name,
            partition=partition,
            key=None,
            headers=headers | {NUMBER_HEADER: str(self._number)},
            value=value,
            expected=Expected(str(batch), None, tuple(c for b in bills for c in claims_of(b))),
            facts=len(bills),
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
        breakage = BREAKAGES[self._number // BROKEN_EVERY % len(BREAKAGES)]
        customer = self._customer()
        if breakage.form == "profile":
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


def claims_of(event: CustomerEvent) -> Iterator[Claim]:
    """What the programme's rules (PT-12, PT-15) make of a fact, said here a second time."""
    if isinstance(event, BillIssued):
        year, month = map(int, event.month.split("-"))
        entry = effect_id(f"bill/{event.customer_id}/{event.bill_id}", "earn")
        cohort = year + (month > YEAR_ENDS_MONTH)
        if event.amount_fen >= 100:  # noqa: PLR2004 - fen of a yuan, and a yuan is a point.
            yield Claim(str(entry), event.customer_id, cohort, "earn", event.amount_fen // 100)
    if isinstance(event, LotsOpened):
        origin = f"opening/{event.customer_id}/{event.programme}/{event.cohort}"
        amounts = {"open_granted": event.granted, "open_spent": event.spent}
        for kind, amount in amounts.items():
            entry = effect_id(origin, kind)
            yield Claim(str(entry), event.customer_id, event.cohort, kind, amount)
