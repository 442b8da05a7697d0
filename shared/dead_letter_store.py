"""The statements on `dead_letter` and `parked`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiokafka import TopicPartition
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.deadletters import DeadLetter, StoredRecord, headers_text, is_blocking

_INSERT = text("""
    INSERT INTO dead_letter (id, topic, partition, offset_, row_, key, headers, value,
                             reason, detail, hash, state, attempts, first_seen)
    VALUES (:id, :topic, :partition, :offset, :row, :key, CAST(:headers AS jsonb), :value,
            :reason, :detail, :hash, 'open', 1, clock_timestamp())
    ON CONFLICT (topic, partition, offset_, row_) DO UPDATE
    SET state = 'open', attempts = dead_letter.attempts + 1,
        reason = excluded.reason, detail = excluded.detail
""")

_PARK = text("""
    INSERT INTO parked (topic, partition, offset_, key, headers, value, dead_letter_id, parked_at)
    VALUES (:topic, :partition, :offset, :key, CAST(:headers AS jsonb), :value, :letter,
            clock_timestamp())
    ON CONFLICT DO NOTHING
""")

_BLOCKED = text("""
    SELECT topic, partition, key, headers, id FROM dead_letter
    WHERE state IN ('open', 'replay', 'discard') AND key IS NOT NULL AND topic = ANY(:topics)
    ORDER BY offset_, row_
""")

_OF_KEY = text("""
    SELECT id, offset_, headers FROM dead_letter
    WHERE topic = :topic AND partition = :partition AND key = :key AND id <> :letter
      AND state IN ('open', 'replay', 'discard')
    ORDER BY offset_, row_
""")

_REQUESTED = text("""
    SELECT id, topic, partition FROM dead_letter
    WHERE state IN ('replay', 'discard') ORDER BY topic, partition, offset_, row_
""")

_LOCK = text("""
    SELECT id, topic, partition, offset_, row_, key, headers, value, state FROM dead_letter
    WHERE id = :id AND state IN ('replay', 'discard') FOR UPDATE
""")

_PARKED_BEHIND = text("""
    SELECT topic, partition, offset_, 0 AS row_, key, headers, value FROM parked
    WHERE dead_letter_id = :letter ORDER BY offset_
""")

_SETTLE = text("""
    UPDATE dead_letter SET state = :state, resolved_at = clock_timestamp() WHERE id = :id
""")

_UNPARK = text(
    "DELETE FROM parked WHERE topic = :topic AND partition = :partition AND offset_ = :offset"
)

_REPARK = text("UPDATE parked SET dead_letter_id = :successor WHERE dead_letter_id = :letter")


@dataclass(frozen=True)
class Request:
    """What an operator asked for: replay or discard of one letter."""

    letter_id: UUID
    record: StoredRecord
    discard: bool


async def insert(connection: AsyncConnection, letters: Iterable[DeadLetter]) -> None:
    """Store letters; one that failed again on replay is opened again and its attempts counted."""
    rows = [
        {
            "id": letter.id,
            **_where(letter.record),
            "row": letter.record.row,
            "key": letter.record.key,
            "headers": json.dumps(headers_text(letter.record.headers)),
            "value": letter.record.value,
            "reason": letter.reason,
            "detail": letter.detail,
            "hash": letter.sha256,
        }
        for letter in letters
    ]
    if rows:
        await connection.execute(_INSERT, rows)


async def park(connection: AsyncConnection, records: Sequence[tuple[StoredRecord, UUID]]) -> None:
    """Store records behind the letter that blocks their key, in order of their offsets."""
    rows = [
        {
            **_where(record),
            "key": record.key,
            "headers": json.dumps(headers_text(record.headers)),
            "value": record.value,
            "letter": letter_id,
        }
        for record, letter_id in records
    ]
    if rows:
        await connection.execute(_PARK, rows)


async def blocked(
    connection: AsyncConnection, topics: Iterable[str]
) -> dict[TopicPartition, dict[str, UUID]]:
    """Per partition: the keys whose records must park, and behind which letter: the first."""
    rows = await connection.execute(_BLOCKED, {"topics": sorted(set(topics))})
    keys: dict[TopicPartition, dict[str, UUID]] = {}
    for row in rows:
        if is_blocking(row.key, row.headers):
            of_partition = keys.setdefault(TopicPartition(row.topic, row.partition), {})
            of_partition.setdefault(row.key, row.id)
    return keys


async def other_of_key(connection: AsyncConnection, request: Request) -> tuple[UUID, int] | None:
    """The first other letter for which this key's records wait, and its offset."""
    asked = {**_where(request.record), "key": request.record.key, "letter": request.letter_id}
    for row in await connection.execute(_OF_KEY, asked):
        if is_blocking(request.record.key, row.headers):
            return row.id, row.offset_
    return None


async def requested(connection: AsyncConnection) -> list[tuple[UUID, TopicPartition]]:
    rows = await connection.execute(_REQUESTED)
    return [(row.id, TopicPartition(row.topic, row.partition)) for row in rows]


async def lock(connection: AsyncConnection, letter_id: UUID) -> Request | None:
    """The request, locked; None when somebody settled it meanwhile."""
    row = (await connection.execute(_LOCK, {"id": letter_id})).one_or_none()
    return Request(row.id, _record(row), row.state == "discard") if row else None


async def parked_behind(connection: AsyncConnection, letter_id: UUID) -> list[StoredRecord]:
    rows = await connection.execute(_PARKED_BEHIND, {"letter": letter_id})
    return [_record(row) for row in rows]


async def settle(connection: AsyncConnection, letter_id: UUID, *, state: str) -> None:
    await connection.execute(_SETTLE, {"id": letter_id, "state": state})


async def unpark(connection: AsyncConnection, record: StoredRecord) -> None:
    await connection.execute(_UNPARK, _where(record))


async def repark(connection: AsyncConnection, letter_id: UUID, *, successor: UUID) -> None:
    """What still waits behind one letter waits behind another from now on."""
    await connection.execute(_REPARK, {"letter": letter_id, "successor": successor})


def _where(record: StoredRecord) -> Mapping[str, object]:
    return {
        "topic": record.tp.topic,
        "partition": record.tp.partition,
        "offset": record.offset,
    }


def _record(row: Row[tuple[object, ...]]) -> StoredRecord:
    return StoredRecord(
        tp=TopicPartition(row.topic, row.partition),
        offset=row.offset_,
        row=row.row_,
        key=row.key,
        headers=tuple((name, value.encode()) for name, value in row.headers.items()),
        value=row.value,
    )
