"""Customers' facts as Arrow messages, each of one partition (contracts §2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
import pyarrow as pa

from holdfast.simulation.delivery import Outgoing
from holdfast.simulation.population import COUNTIES, Ints, Population
from shared.events import arrow
from shared.events.catalogue import CUSTOMER_PARTITIONS, topic_of
from shared.events.event import CustomerEvent, effect_id
from shared.events.partition import partition_of
from shared.tracing import trace_of


@dataclass(frozen=True)
class Batch:
    """Facts of one type and one moment, about customers of one partition."""

    model: type[CustomerEvent]
    partition: int
    rows: Ints
    at: datetime
    columns: Mapping[str, pa.Array]


@lru_cache(maxsize=2)
def _partitions(ids: bytes) -> tuple[Ints, ...]:
    customers = np.frombuffer(ids, np.int64)
    place = np.array([partition_of(customer) for customer in customers.tolist()])
    return tuple(np.flatnonzero(place == number) for number in range(CUSTOMER_PARTITIONS))


def by_partition(population: Population, rows_max: int) -> Iterator[tuple[int, Ints]]:
    """Every customer's row once, partition by partition, at most `rows_max` together."""
    for partition, rows in enumerate(_partitions(population.customer_id.tobytes())):
        for begin in range(0, len(rows), rows_max):
            yield partition, rows[begin : begin + rows_max]


def column(microseconds: Ints) -> pa.Array:
    """Moments as events carry them."""
    return pa.array(microseconds, pa.timestamp("us", "UTC"))


def message_of(population: Population, batch: Batch, name: str) -> Outgoing:
    """A batch as its message; `name` tells it from others of its type about the same customers."""
    schema = arrow.SCHEMAS[batch.model]
    counties = np.array(COUNTIES)[population.county[batch.rows]]
    at = np.full(len(batch.rows), int(batch.at.timestamp() * 1e6))
    columns = {
        "customer_id": pa.array(population.customer_id[batch.rows]),
        "county": pa.array(counties.tolist()),
        "at": column(at),
        **batch.columns,
    }
    cause = f"{name}/{population.seed}/{population.customer_id[batch.rows[0]]}/{len(batch.rows)}"
    batch_id = effect_id(cause, batch.model.event_type)
    headers, value = arrow.encode_batch(
        batch.model,
        pa.RecordBatch.from_arrays([columns[field] for field in schema.names], schema=schema),
        batch_id=batch_id,
        trace=trace_of(None, str(batch_id)),
        newest=batch.at,
    )
    topic = topic_of(batch.model.event_type).name
    return Outgoing(topic, None, batch.partition, headers, value)
