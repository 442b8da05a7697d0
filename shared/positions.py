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
    """Where a partition's log begins, and the id of its topic."""

    topic_id: UUID
    start: int


class PositionError(Exception):
    """A stored position does not fit the log; nothing is reset. `told` names the remedy."""

    def __init__(self, tp: TopicPartition, what: str, mend: str) -> None:
        super().__init__(what)
        self._tp = tp
        self._mend = mend

    def told(self, service: str) -> str:
        """What to tell the operator of `service`."""
        return (
            f"{self}. {self._mend}, accept the loss with "
            f"`holdfast positions move {service} {self._tp.topic} {self._tp.partition} "
            "--to earliest`."
        )


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

# SHARE, not KEY SHARE: it must keep out an update that leaves the key alone.
_HOLD = text("""
    SELECT epoch FROM position
    WHERE topic = :topic AND partition = :partition AND epoch = :epoch FOR SHARE
""")


async def claim(
    connection: AsyncConnection, logs: Mapping[TopicPartition, Log], *, owner: str
) -> dict[TopicPartition, Claim]:
    """Raise the epoch of every partition in `logs` and answer where each goes on.

    Raises:
        PositionError: a topic was made anew.
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
        _refuse_another_topic(tp, topic_id, logs[tp].topic_id)
        claims[tp] = Claim(next_offset, epoch)
    return claims


def _refuse_another_topic(tp: TopicPartition, known: UUID, found: UUID) -> None:
    if known != found:
        raise PositionError(
            tp,
            f"{tp.topic}[{tp.partition}] was made anew: its topic id is {found}, the position "
            f"belongs to {known}",
            "If the old records are gone for good",
        )


def refuse_outside(tp: TopicPartition, held: Claim, *, start: int, end: int) -> None:
    """A position must lie within `[start, end]` of its log.

    Raises:
        PositionError: records are gone that were not processed, or the log was cut short.
    """
    if not start <= held.next_offset <= end:
        raise PositionError(
            tp,
            f"{tp.topic}[{tp.partition}]: position {held.next_offset} lies outside the log "
            f"[{start}, {end}]",
            "Restore the log, or, if it is gone for good",
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


async def hold(connection: AsyncConnection, tp: TopicPartition, *, epoch: int) -> bool:
    """Whether the claim still stands; if so nobody claims it before this transaction ends."""
    rows = await connection.execute(
        _HOLD, {"topic": tp.topic, "partition": tp.partition, "epoch": epoch}
    )
    return rows.one_or_none() is not None


async def move(
    connection: AsyncConnection, tp: TopicPartition, topic_id: UUID, *, to: int
) -> Sequence[Claim]:
    """An operator's act: place the position at `to` in this topic; running workers lose it."""
    rows = await connection.execute(
        text("""
            UPDATE position SET next_offset = :to, epoch = epoch + 1, topic_id = :topic_id
            WHERE topic = :topic AND partition = :partition RETURNING next_offset, epoch
        """),
        {"to": to, "topic_id": topic_id, "topic": tp.topic, "partition": tp.partition},
    )
    return [Claim(row.next_offset, row.epoch) for row in rows]
