"""Records that no service can handle, twice of ten kinds; three kinds can be mended, too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from holdfast.chaos.broken import BREAKAGES, Breakage
from holdfast.chaos.history import Expected
from holdfast.chaos.message import Message
from holdfast.simulation.delivery import Outgoing
from holdfast.simulation.plan import Plan
from holdfast.simulation.population import Population, Row
from holdfast.simulation.window import BEGINS, BILL_MONTH, BILL_RUN_BEGINS
from shared.events import arrow, envelope
from shared.events.billing import BillIssued
from shared.events.catalogue import route_of
from shared.events.customers import CustomerProfile
from shared.events.event import CustomerEvent, effect_id
from shared.events.partition import partition_of
from shared.tracing import trace_of

KINDS = (
    "not json",
    "unknown type",
    "unknown version",
    "profile without a tier",
    "missing field",
    "arrow cut short",
    "negative money",
    "of 1970",
    "arrow with other columns",
    "of 2099",
)
MENDABLE = ("not json", "missing field", "negative money")
"""Their envelope is sound, so a mended value makes a sound record of them."""

ROUNDS = (BEGINS + timedelta(hours=2), BILL_RUN_BEGINS + timedelta(hours=2))
"""Ten on Friday, ten among the bills: never near the twenty in a row that stop a worker."""
EVERY = timedelta(minutes=50)


@dataclass(frozen=True)
class Broken:
    """A broken record; `readers` must each hold a dead letter of it, `mended` would be sound."""

    kind: str
    at: datetime
    message: Outgoing
    readers: tuple[str, ...]
    mended: bytes | None

    @property
    def value(self) -> bytes:
        return self.message.value


def broken_records(population: Population, plan: Plan) -> tuple[Broken, ...]:
    """Each kind once in every round, about customers who carry no cause."""
    causes = {planted.row for planted in plan.planted}
    free = [row for row in np.arange(population.size).tolist() if row not in causes]
    return tuple(_all(population, free))


def _all(population: Population, rows: Sequence[Row]) -> Iterator[Broken]:
    by_name = {breakage.name: breakage for breakage in BREAKAGES}
    for number, begins in enumerate(ROUNDS):
        for place, kind in enumerate(KINDS):
            row = rows[number * len(KINDS) + place]
            yield _broken(population, row, begins + place * EVERY, by_name[kind])


def _broken(population: Population, row: Row, at: datetime, breakage: Breakage) -> Broken:
    event = (
        _profile(population, row, at) if breakage.form == "profile" else _bill(population, row, at)
    )
    sound = _in_arrow(event) if breakage.form == "arrow" else _alone(event)
    ill = breakage.of(sound)
    return Broken(
        kind=breakage.name,
        at=at,
        message=Outgoing(ill.topic, ill.key, ill.partition, ill.headers, ill.value),
        readers=route_of(event.event_type).readers,
        mended=sound.value if breakage.name in MENDABLE else None,
    )


def _bill(population: Population, row: Row, at: datetime) -> BillIssued:
    """A bill as high as the months before: mended it makes nobody's bills plunge."""
    name = f"broken-{population.seed}-{row}"
    return BillIssued(
        event_id=effect_id(name, BillIssued.event_type),
        subject=f"bill/{name}",
        at=at,
        customer_id=int(population.customer_id[row]),
        county=population.county_of(row),
        bill_id=name,
        month=BILL_MONTH,
        amount_fen=int(population.recent_mean_fen[row]),
    )


def _profile(population: Population, row: Row, at: datetime) -> CustomerProfile:
    name = f"broken-{population.seed}-{row}"
    return CustomerProfile(
        event_id=effect_id(name, CustomerProfile.event_type),
        subject=f"customer/{population.customer_id[row]}",
        sequence=2,
        at=at,
        customer_id=int(population.customer_id[row]),
        county=population.county_of(row),
        tier=population.tier_of(row),
        plan="128",
        status_at=at,
        consent_at=at,
    )


def _alone(event: CustomerEvent) -> Message:
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    return _message(event, event.key, headers, value)


def _in_arrow(event: CustomerEvent) -> Message:
    batch = effect_id(str(event.event_id), "batch")
    headers, value = arrow.encode_rows(
        type(event), [event.model_dump()], batch_id=batch, trace=trace_of(None, str(batch))
    )
    return _message(event, None, headers, value)


def _message(
    event: CustomerEvent, key: str | None, headers: dict[str, str], value: bytes
) -> Message:
    return Message(
        number=0,
        topic=route_of(event.event_type).topic.name,
        partition=partition_of(event.customer_id),
        key=key,
        headers=headers,
        value=value,
        expected=Expected(headers["ce_id"], key),
        facts=1,
    )
