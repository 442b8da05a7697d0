"""Whose each record of a batch is, and the messages that tell the usage log (contracts §2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.alerts.domain.identities import UNKNOWN, Identities
from services.alerts.domain.measured import AS_THEY_ARE, Measured
from services.alerts.domain.partitions import partitions_of
from shared.events import arrow
from shared.events.event import effect_id
from shared.events.usage import UsageRecorded
from shared.tracing import Trace

# A row has at most 201 bytes and four bits beside them, so such a message has less than 512 KiB.
MESSAGE_ROWS = 2_500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = 0


@dataclass(frozen=True)
class Plan:
    """The customer of each record as decided when the batch came first; nobody's are parked."""

    customers: NDArray[np.int64]
    counties: NDArray[np.int32]

    @property
    def known(self) -> NDArray[np.bool_]:
        return self.customers != _NOBODY

    def packed(self) -> bytes:
        return self.customers.tobytes() + self.counties.tobytes()

    @classmethod
    def unpacked(cls, packed: bytes) -> "Plan":
        rows = len(packed) // (8 + 4)
        return cls(
            np.frombuffer(packed, np.int64, rows), np.frombuffer(packed, np.int32, rows, rows * 8)
        )


def planned(records: Measured, identities: Identities) -> Plan:
    """Find every record's customer as of its own time."""
    row = identities.find(records.numbers.as_bytes(), records.at)
    known = row != UNKNOWN
    customers = np.zeros(records.rows, np.int64)
    counties = np.zeros(records.rows, np.int32)
    customers[known] = identities.customers[row[known]]
    counties[known] = identities.counties[row[known]]
    return Plan(customers, counties)


@dataclass(frozen=True)
class Message:
    """A message of one partition; its id repeats when the upload does."""

    partition: int
    headers: dict[str, str]
    value: bytes


def messages(
    records: Measured, plan: Plan, *, source: str, batch_id: str, trace: Trace
) -> Iterator[Message]:
    """The batch as the usage log takes it: of one partition each, in the order of the upload."""
    known = np.flatnonzero(plan.known)
    if not len(known):
        return
    columns = _columns(records, plan)
    places = partitions_of(plan.customers[known])
    for partition in np.unique(places):
        rows = known[places == partition]
        for number, begin in enumerate(range(0, len(rows), MESSAGE_ROWS)):
            part = rows[begin : begin + MESSAGE_ROWS]
            headers, value = arrow.encode_batch(
                UsageRecorded,
                columns.take(pa.array(part, pa.int64())),
                batch_id=_id(source, batch_id, int(partition), number),
                trace=trace,
                newest=_EPOCH + timedelta(microseconds=int(records.at[part].max())),
                source=source,
            )
            yield Message(int(partition), headers, value)


def _id(source: str, batch_id: str, partition: int, number: int) -> UUID:
    return effect_id(f"{source}/{batch_id}/{partition}", UsageRecorded.event_type, number)


def _columns(records: Measured, plan: Plan) -> pa.RecordBatch:
    """All rows of the batch in the form of `usage.recorded.v1`."""
    codes, places = np.unique(plan.counties, return_inverse=True)
    names = pa.array([f"{code:06d}" for code in codes], pa.string())
    own = {
        "customer_id": pa.array(plan.customers, pa.int64()),
        "county": names.take(pa.array(places, pa.int64())),
        "peer": records.peers.as_arrow(),
        "forwarded_to": records.forwards.as_arrow(),
    }
    schema = arrow.SCHEMAS[UsageRecorded]
    kept = {name: records.table.column(name).combine_chunks() for name in AS_THEY_ARE}
    columns = {**own, **kept}
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
