"""What the systems around Holdfast say, and when: bills, counters, portability, broken records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from holdfast.simulation.broken import Broken
from holdfast.simulation.columns import Batch, by_partition, message_of
from holdfast.simulation.delivery import Outgoing
from holdfast.simulation.plan import Cause, Plan
from holdfast.simulation.population import Ints, Population
from holdfast.simulation.window import BILL_MONTH, BILL_RUN_BEGINS, BILL_RUN_ENDS
from shared.events import envelope
from shared.events.billing import BillIssued
from shared.events.catalogue import topic_of
from shared.events.event import CustomerEvent, effect_id
from shared.events.touchpoints import Channel, DeactivationRequested, PortabilityApplied
from shared.tracing import trace_of

BILLS_PER_MESSAGE = 200
REASONS = ("moving away", "tariff", "network", "")


@dataclass(frozen=True)
class Due:
    """A message and the business time before which it must not be sent."""

    at: datetime
    message: Outgoing


def script(population: Population, plan: Plan, broken: Sequence[Broken]) -> tuple[Due, ...]:
    """Everything that systems send by themselves during the story, in order of time."""
    told = [*_bills(population, plan), *_counters(population, plan)]
    told += [*_applications(population, plan), *(Due(b.at, b.message) for b in broken)]
    return tuple(sorted(told, key=lambda due: due.at))


def _bills(population: Population, plan: Plan) -> Iterator[Due]:
    """The bill run: partition after partition in small batches, evenly through the day."""
    # Of each partition the first batch, then of each the second: no partition waits for another.
    batches = sorted(_numbered(population), key=lambda numbered: (numbered[0], numbered[1]))
    step = (BILL_RUN_ENDS - BILL_RUN_BEGINS) / len(batches)
    for number, (_, partition, rows) in enumerate(batches):
        at = BILL_RUN_BEGINS + number * step
        columns = {
            "bill_id": pa.array([f"{BILL_MONTH}-{row:07d}" for row in rows.tolist()]),
            "month": pa.array([BILL_MONTH] * len(rows)),
            "amount_fen": pa.array(plan.february_fen[rows]),
        }
        batch = Batch(BillIssued, partition, rows, at, columns)
        yield Due(at, message_of(population, batch, BILL_MONTH))


def _numbered(population: Population) -> Iterator[tuple[int, int, Ints]]:
    """Every batch with its number within its partition."""
    counts: dict[int, int] = {}
    for partition, rows in by_partition(population, BILLS_PER_MESSAGE):
        counts[partition] = counts.get(partition, 0) + 1
        yield counts[partition], partition, rows


def _counters(population: Population, plan: Plan) -> Iterator[Due]:
    """Somebody stands at a counter and wants to leave."""
    for number, planted in enumerate(plan.by_cause[Cause.COUNTER], start=1):
        request = f"counter-{population.seed}-{number:04d}"
        yield _due(
            DeactivationRequested(
                event_id=effect_id(request, DeactivationRequested.event_type),
                subject=f"request/{request}",
                at=planted.at,
                customer_id=int(population.customer_id[planted.row]),
                county=population.county_of(planted.row),
                request_id=request,
                store=population.store_of(planted.row),
                channel=Channel.STORE,
                reason=REASONS[number % len(REASONS)] or None,
                handler=f"clerk-{population.store_of(planted.row)}-1",
            )
        )


def _applications(population: Population, plan: Plan) -> Iterator[Due]:
    """From each of these on, retention must not interfere (XC-20)."""
    for application in plan.portability:
        reference = f"{application.reference}-{population.seed}"
        yield _due(
            PortabilityApplied(
                event_id=effect_id(reference, PortabilityApplied.event_type),
                subject=f"portability/{reference}",
                at=application.at,
                customer_id=int(population.customer_id[application.row]),
                county=population.county_of(application.row),
                reference=reference,
            )
        )


def _due(event: CustomerEvent) -> Due:
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    topic = topic_of(event.event_type).name
    return Due(event.at, Outgoing(topic, event.key, None, headers, value))
