"""Usage as its sources send it: of a million customers, in columns or one by one."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.alerts.domain.partitions import partitions_of
from shared.events import arrow, envelope
from shared.events.catalogue import CUSTOMER_PARTITIONS
from shared.events.event import EventId
from shared.events.usage import Direction, UsageKind, UsageRecorded
from shared.tracing import trace_of

CUSTOMERS = 1_000_000
MESSAGE_ROWS = 3_072  # as many as a message of 512 KiB holds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Customers = list[NDArray[np.int64]]
"""By partition."""


@dataclass(frozen=True)
class Sent:
    """A record for the producer, and how many usage records are in it."""

    partition: int
    key: bytes | None
    headers: list[tuple[str, bytes]]
    value: bytes
    rows: int


def customers(count: int = CUSTOMERS) -> Customers:
    """Random customers, each in its partition."""
    chance = np.random.default_rng(7)
    everybody = np.unique(chance.integers(1, 2**62, count))
    places = partitions_of(everybody)
    return [everybody[places == partition] for partition in range(CUSTOMER_PARTITIONS)]


def once_each(known: Customers, at: datetime) -> Iterator[Sent]:
    """A record of everybody, so that everybody has a row."""
    for partition, ours in enumerate(known):
        for begin in range(0, len(ours), MESSAGE_ROWS):
            yield in_columns(ours[begin : begin + MESSAGE_ROWS], partition, at)


def messages(known: Customers, count: int, at: datetime) -> Iterator[Sent]:
    """Messages of random customers, partition by partition in turn."""
    chance = np.random.default_rng(8)
    for number in range(count):
        partition = number % CUSTOMER_PARTITIONS
        ours = chance.choice(known[partition], MESSAGE_ROWS)
        yield in_columns(ours, partition, at + timedelta(milliseconds=number))


def in_columns(ours: NDArray[np.int64], partition: int, at: datetime) -> Sent:
    rows = len(ours)
    chance = np.random.default_rng(rows)
    begin = (at - _EPOCH) // timedelta(microseconds=1)
    columns: dict[str, Any] = {
        "customer_id": pa.array(ours),
        "county": pa.array(["990101"] * rows),
        "at": pa.array(begin + np.arange(rows), pa.timestamp("us", "UTC")),
        "record_id": pa.array([f"R-{number}" for number in range(rows)]),
        "kind": pa.array((["voice", "sms", "data"] * rows)[:rows]),
        "direction": pa.array((["out", "in", "in", "forwarded"] * rows)[:rows]),
        "seconds": pa.array(chance.integers(1, 600, rows), pa.int32()),
        "kilobytes": pa.array(chance.integers(0, 10_000, rows), pa.int64()),
        "fen": pa.array(chance.integers(0, 100, rows), pa.int64()),
        "peer": pa.array([None] * rows, pa.binary(32)),
        "forwarded_to": pa.array([None] * rows, pa.binary(32)),
        "at_home": pa.array([True] * rows),
    }
    schema = arrow.SCHEMAS[UsageRecorded]
    batch = pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
    identifier = uuid4()
    headers, value = arrow.encode_batch(
        UsageRecorded,
        batch,
        batch_id=identifier,
        trace=trace_of(None, str(identifier)),
        newest=at,
        source="mediation",
    )
    return Sent(partition, None, _encoded(headers), value, rows)


def one_by_one(known: Customers, count: int, at: datetime) -> Iterator[Sent]:
    """Single JSON records, each with its own headers, numbered as their source numbers them."""
    for number in range(count):
        partition = number % CUSTOMER_PARTITIONS
        customer = int(known[partition][secrets.randbelow(len(known[partition]))])
        record = UsageRecorded(
            event_id=EventId(uuid4()),
            subject=f"customer/{customer}",
            sequence=number + 1,
            at=at + timedelta(microseconds=number),
            customer_id=customer,
            county="990101",
            record_id=f"R-{number}",
            kind=UsageKind.VOICE,
            direction=Direction.IN,
            seconds=60,
            fen=12,
        )
        headers, value = envelope.encode(record, trace_of(None, str(record.event_id)))
        yield Sent(partition, str(customer).encode(), _encoded(headers), value, 1)


def _encoded(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(name, text.encode()) for name, text in headers.items()]
