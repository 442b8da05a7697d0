"""Mediation sent a batch of call records: each finds its customer, or waits; then the log has it.

No transaction is open while Kafka is spoken to. First the decision is kept, then the log is told,
then it is kept that it was told: a batch that is repeated after any end in between is told again
as it was decided, under the same ids.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.domain import delivery, upload
from services.alerts.domain.delivery import Message, Plan
from services.alerts.domain.measured import Measured, measured
from services.alerts.domain.parking import waiting_from
from services.alerts.domain.upload import BadCell
from services.alerts.handlers.follow_identities import IdentityFollower
from services.alerts.store import ingest_batches, parked_usage, sources
from services.alerts.store.ingest_batches import Batch
from services.alerts.store.parked_usage import ParkedRecord
from services.alerts.store.usage_log import LogRecord, UsageLog
from shared import telemetry
from shared.database import UnitOfWork, unit_of_work
from shared.errors import Conflict, Malformed
from shared.events.event import effect_id
from shared.events.usage import UsageRecorded
from shared.number_hash import NumberHasher
from shared.tracing import Trace

ERRORS_MAX = 200  # a client that takes the bad rows out of a batch needs a few rounds at most


class UnknownSource(Conflict):
    slug = "unknown-source"
    title = "Register this source first: POST /v1/sources"


class BatchReused(Conflict):
    slug = "batch-reused"
    title = "This batch id came with other records before; take a new one"


@dataclass(frozen=True)
class Upload:
    """A batch as it came; `digest` is of its bytes, by which a repeat is told from another."""

    source: str
    batch_id: str
    digest: bytes
    table: pa.Table
    trace: Trace


@dataclass(frozen=True)
class Ingest:
    """What a process needs to take usage."""

    engine: AsyncEngine
    hasher: NumberHasher
    identities: IdentityFollower
    log: UsageLog


async def take_usage(sent: Upload, ingest: Ingest, *, now: datetime) -> Batch:
    """Take a batch, all of it or nothing; a repeat is answered as the first time.

    Raises:
        Unavailable: owners are being loaded, or Kafka is away: send it again as it is.
        Malformed: rows that cannot be taken, by row and column.
        UnknownSource: nobody registered it.
        BatchReused: other records came under this id.
    """
    identities = ingest.identities.current()
    records = await asyncio.to_thread(_sound, sent, ingest.hasher, now)
    plan = delivery.planned(records, identities)
    async with unit_of_work(ingest.engine) as uow:
        batch = await _begun(sent, records, plan, now=now, uow=uow)
    if batch.plan is None:
        return batch
    told = await asyncio.to_thread(_messages, sent, records, Plan.unpacked(batch.plan))
    await ingest.log.append([LogRecord(m.partition, m.headers, m.value) for m in told])
    async with unit_of_work(ingest.engine) as uow:
        await ingest_batches.end(uow.connection, batch)
    telemetry.INGEST_RECORDS.labels(outcome="accepted").inc(batch.accepted)
    telemetry.INGEST_RECORDS.labels(outcome="parked").inc(batch.parked)
    return batch


def _sound(sent: Upload, hasher: NumberHasher, now: datetime) -> Measured:
    records = measured(sent.table, hasher)
    found = [*upload.bad_cells(sent.table, now=now), *records.bad_cells()]
    if found:
        rows = len({cell.row for cell in found})
        raise Malformed(
            f"{rows} of {records.rows} rows cannot be taken; nothing was",
            members={"errors": [_told(cell) for cell in sorted(found, key=_place)[:ERRORS_MAX]]},
        )
    return records


def _place(cell: BadCell) -> tuple[int, str]:
    return cell.row, cell.column


def _told(cell: BadCell) -> dict[str, str]:
    return {
        "location": "body",
        "pointer": f"#/records/{cell.row}/{cell.column}",
        "code": "bad-cell",
        "message": f"Should be {cell.said}",
    }


def _messages(sent: Upload, records: Measured, plan: Plan) -> list[Message]:
    return list(
        delivery.messages(
            records, plan, source=sent.source, batch_id=sent.batch_id, trace=sent.trace
        )
    )


async def _begun(
    sent: Upload, records: Measured, plan: Plan, *, now: datetime, uow: UnitOfWork
) -> Batch:
    """The batch as first decided: by us, here and now, or by whoever saw it before."""
    known = await ingest_batches.find(uow.connection, sent.source, sent.batch_id)
    if known is None:
        if await sources.registered_at(uow.connection, sent.source) is None:
            raise UnknownSource(f"No source {sent.source}")
        accepted = int(plan.known.sum())
        fresh = Batch(
            source=sent.source,
            batch_id=sent.batch_id,
            digest=sent.digest,
            begun_at=now,
            accepted=accepted,
            parked=records.rows - accepted,
            plan=plan.packed(),
        )
        if await ingest_batches.begin(uow.connection, fresh):
            await parked_usage.insert(uow.connection, _orphans(sent, records, plan, now))
            return fresh
        known = await ingest_batches.find(uow.connection, sent.source, sent.batch_id)
    if known is None or known.digest != sent.digest:
        raise BatchReused(f"Batch {sent.batch_id} of {sent.source}")
    return known


def _orphans(sent: Upload, records: Measured, plan: Plan, now: datetime) -> Sequence[ParkedRecord]:
    rows = np.flatnonzero(~plan.known)
    if not len(rows):
        return []
    numbers: list[int] = records.numbers.rows[rows].tolist()
    places = pa.array(rows, pa.int64())
    cells = records.table.take(places).to_pylist()
    peers = records.peers.as_arrow().take(places).to_pylist()
    forwards = records.forwards.as_arrow().take(places).to_pylist()
    waiting = waiting_from(now)
    cause = f"{sent.source}/{sent.batch_id}"
    return [
        ParkedRecord(
            parked_id=effect_id(cause, f"parked/{UsageRecorded.event_type}", int(row)),
            source=sent.source,
            number_hash=records.numbers.distinct[number],
            peer=peer,
            forwarded_to=forward,
            due_at=waiting.due_at,
            given_up_at=waiting.given_up_at,
            **cell,
        )
        for row, number, cell, peer, forward in zip(
            rows, numbers, cells, peers, forwards, strict=True
        )
    ]
