"""Positions in PostgreSQL: the only authority on what was processed; Kafka's commit is a hint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiokafka import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class Claim:
    """What a worker holds of a partition: where to go on, and the epoch that fences it."""

    next_offset: int
    epoch: int


@dataclass(frozen=True)
class Log:
    """What Kafka holds of a partition: offsets `[start, end)` of the topic with this id."""

    topic_id: UUID
    start: int
    end: int


class PositionError(Exception):
    """A stored position does not fit the log. The message names the remedy; nothing is reset."""


# A partition without a row begins at its log start: the only case in which a start is chosen.
_CLAIM = text("""
    INSERT INTO position AS held (topic, partition, next_offset, epoch, owner, topic_id, claimed_at)
    SELECT t, p, start, 1, :owner, id, clock_timestamp()
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]),
                CAST(:starts AS bigint[]), CAST(:topic_ids AS uuid[])) AS asked (t, p, start, id)
    ORDER BY t, p
    ON CONFLICT (topic, partition) DO UPDATE
    SET epoch = held.epoch + 1, owner = excluded.owner, claimed_at = excluded.claimed_at
    RETURNING topic, partition, next_offset, epoch, topic_id
""")

_ADVANCE = text("""
    UPDATE position SET next_offset = :next
    WHERE topic = :topic AND partition = :partition AND next_offset = :start AND epoch = :epoch
""")

_HELD = text("""
    SELECT next_offset, epoch FROM position WHERE topic = :topic AND partition = :partition
""")


async def claim(
    connection: AsyncConnection, logs: Mapping[TopicPartition, Log], *, owner: str
) -> dict[TopicPartition, Claim]:
    """Raise the epoch of every partition in `logs` and answer where each goes on.

    Raises:
        PositionError: a position lies outside its log, or the topic was made anew.
    """
    asked = sorted(logs)
    rows = await connection.execute(
        _CLAIM,
        {
            "owner": owner,
            "topics": [tp.topic for tp in asked],
            "partitions": [tp.partition for tp in asked],
            "starts": [logs[tp].start for tp in asked],
            "topic_ids": [logs[tp].topic_id for tp in asked],
        },
    )
    claims: dict[TopicPartition, Claim] = {}
    for topic, partition, next_offset, epoch, topic_id in rows:
        tp = TopicPartition(topic, partition)
        _refuse_misfit(tp, next_offset, topic_id, logs[tp])
        claims[tp] = Claim(next_offset, epoch)
    return claims


def _refuse_misfit(tp: TopicPartition, next_offset: int, topic_id: UUID, log: Log) -> None:
    where = f"{tp.topic}[{tp.partition}]"
    remedy = f"`holdfast positions move {tp.topic} {tp.partition} --to earliest`"
    if topic_id != log.topic_id:
        raise PositionError(
            f"{where} was made anew: its topic id is {log.topic_id}, the position belongs to "
            f"{topic_id}. If the old records are gone for good, accept the new log with {remedy}."
        )
    if not log.start <= next_offset <= log.end:
        raise PositionError(
            f"{where}: position {next_offset} lies outside the log [{log.start}, {log.end}]. "
            f"Restore the log, or accept the loss with {remedy}."
        )


async def advance(
    connection: AsyncConnection, tp: TopicPartition, span: tuple[int, int], *, epoch: int
) -> bool:
    """Move the position over `[start, next)`, if it stands at `start` and is still ours."""
    start, following = span
    moved = await connection.execute(
        _ADVANCE,
        {
            "topic": tp.topic,
            "partition": tp.partition,
            "start": start,
            "next": following,
            "epoch": epoch,
        },
    )
    return moved.rowcount == 1


async def held(connection: AsyncConnection, tp: TopicPartition) -> Claim | None:
    """The stored position and epoch, by which a lost compare-and-set is understood."""
    row = (
        await connection.execute(_HELD, {"topic": tp.topic, "partition": tp.partition})
    ).one_or_none()
    return Claim(row.next_offset, row.epoch) if row else None


async def move(
    connection: AsyncConnection, tp: TopicPartition, log: Log, *, to: int
) -> Sequence[Claim]:
    """An operator's act: place the position at `to` in this log; running workers lose it."""
    rows = await connection.execute(
        text("""
            UPDATE position SET next_offset = :to, epoch = epoch + 1, topic_id = :topic_id
            WHERE topic = :topic AND partition = :partition RETURNING next_offset, epoch
        """),
        {"to": to, "topic_id": log.topic_id, "topic": tp.topic, "partition": tp.partition},
    )
    return [Claim(row.next_offset, row.epoch) for row in rows]
