"""Parked records: sent when their number has an owner, given up after a business day."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
from aiokafka import TopicPartition

from services.alerts.domain.ownership import owner_at
from services.alerts.store import identity, parked_usage
from services.alerts.store.identity import Assignment
from services.alerts.store.parked_usage import ParkedRecord
from shared import dead_letter_store, telemetry
from shared.database import UnitOfWork
from shared.deadletters import DeadLetter, StoredRecord, dead_letter, letter_told
from shared.errors import RecordFault
from shared.events import arrow, envelope
from shared.events.catalogue import USAGE
from shared.events.event import Event, effect_id
from shared.events.partition import partition_of
from shared.events.usage import UsageRecorded
from shared.outbox import Link, OutboxRecord
from shared.tracing import trace_of

CHUNK_ROWS = 500  # what one transaction sends; the rest falls due at once

Owners = dict[bytes, list[Assignment]]


async def send_parked(
    waiting: Sequence[ParkedRecord], uow: UnitOfWork, *, cause: Event | None = None
) -> list[ParkedRecord]:
    """Send what has an owner by now; answer what has none."""
    owners: Owners = defaultdict(list)
    for one in await identity.of_numbers(uow.connection, [p.number_hash for p in waiting]):
        owners[one.number_hash].append(one)
    groups: dict[tuple[str, int], list[tuple[ParkedRecord, Assignment]]] = defaultdict(list)
    orphans: list[ParkedRecord] = []
    for parked in waiting:
        owner = owner_at(owners.get(parked.number_hash, ()), parked.at)
        if owner is None:
            orphans.append(parked)
        else:
            place = (parked.source, partition_of(owner.customer_id))
            groups[place].append((parked, owner))
    for (source, partition), owned in sorted(groups.items(), key=lambda group: group[0]):
        uow.emit_records([_message(source, partition, owned, cause)])
    sent = [parked.parked_id for owned in groups.values() for parked, _ in owned]
    await parked_usage.delete(uow.connection, sent)
    uow.after_commit(lambda: telemetry.PARKED_USAGE.labels(outcome="sent").inc(len(sent)))
    return orphans


async def settle_due(now: datetime, uow: UnitOfWork) -> int:
    """Look again at what is due by now; at the last look it becomes a dead letter."""
    due = await parked_usage.lock_due(uow.connection, now, rows=CHUNK_ROWS)
    if not due:
        return 0
    orphans = await send_parked(due, uow)
    given_up = [parked for parked in orphans if parked.due_at == parked.given_up_at]
    letters = [_letter(parked) for parked in given_up]
    await dead_letter_store.insert(uow.connection, letters)
    for letter, parked in zip(letters, given_up, strict=True):
        uow.emit(letter_told(letter, "alerts", at=parked.due_at))
    await parked_usage.delete(uow.connection, [parked.parked_id for parked in given_up])
    patient = [parked.parked_id for parked in orphans if parked.due_at < parked.given_up_at]
    await parked_usage.wait_on(uow.connection, patient)
    uow.after_commit(lambda: telemetry.PARKED_USAGE.labels(outcome="given_up").inc(len(letters)))
    return len(due)


def _message(
    source: str,
    partition: int,
    owned: Sequence[tuple[ParkedRecord, Assignment]],
    cause: Event | None,
) -> OutboxRecord:
    first = owned[0][0]
    message = effect_id(f"parked/{first.parked_id}", UsageRecorded.event_type, partition)
    newest = max(parked.at for parked, _ in owned)
    cause_id = str(cause.event_id) if cause else str(first.parked_id)
    rows = [_row(parked, owner) for parked, owner in owned]
    headers, value = arrow.encode_batch(
        UsageRecorded,
        pa.RecordBatch.from_pylist(rows, arrow.SCHEMAS[UsageRecorded]),
        batch_id=message,
        trace=trace_of(None, cause_id),
        newest=newest,
        source=source,
    )
    return OutboxRecord(
        event_id=message,
        topic=USAGE.name,
        partition=partition,
        key=None,
        headers=headers,
        value=value,
        link=Link(
            event_id=message,
            cause_id=cause_id,
            cause_type=cause.event_type if cause else None,
            type=UsageRecorded.event_type,
            subject=headers["ce_subject"],
            at=newest,
        ),
    )


def _row(parked: ParkedRecord, owner: Assignment) -> dict[str, object]:
    return {
        "customer_id": owner.customer_id,
        "county": owner.county,
        "at": parked.at,
        "peer": parked.peer,
        "forwarded_to": parked.forwarded_to,
        **_measured(parked),
    }


def _measured(parked: ParkedRecord) -> dict[str, object]:
    return {
        "record_id": parked.record_id,
        "kind": parked.kind,
        "direction": parked.direction,
        "seconds": parked.seconds,
        "kilobytes": parked.kilobytes,
        "fen": parked.fen,
        "at_home": parked.at_home,
    }


def _letter(parked: ParkedRecord) -> DeadLetter:
    """It never was on a log: its offset is below nought, its partition the first."""
    at = parked.at.astimezone(UTC).isoformat()
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(parked.parked_id),
        "ce_source": f"/{parked.source}",
        "ce_type": UsageRecorded.event_type,
        "ce_time": at,
        "ce_subject": f"number/{parked.number_hash.hex()}",
        "content-type": envelope.JSON,
    }
    hashes = {"peer": parked.peer, "forwarded_to": parked.forwarded_to}
    told = {name: value.hex() if value else None for name, value in hashes.items()}
    stored = StoredRecord(
        tp=TopicPartition(USAGE.name, 0),
        offset=-parked.place,
        row=0,
        key=None,
        headers=tuple((name, text.encode()) for name, text in headers.items()),
        value=json.dumps({"at": at, **_measured(parked), **told}).encode(),
    )
    fault = RecordFault("unknown-number", "nobody owned the number within a business day")
    return dead_letter(stored, fault, key=None)
