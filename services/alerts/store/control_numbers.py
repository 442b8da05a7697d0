"""The numbers of control messages: a series per source partition, and for HTTP per usage one."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The row of the position that this very transaction moves (or holds, when a dead letter is
# replayed): nobody else takes a number of this partition before it ends.
_OF_POSITION = text("""
    UPDATE position SET control_number = control_number + :count
    WHERE topic = :topic AND partition = :partition RETURNING control_number
""")

# One act at a time, from before its first write on: the relay publishes in the order of transaction
# ids, and a number taken later must not leave earlier.
_ONE_ACT = text("SELECT pg_advisory_xact_lock(hashtextextended('control_counter', 0))")

_OF_ACT = text("""
    INSERT INTO control_counter AS held (source, partition, number)
    SELECT CAST(:source AS text), p, 1 FROM unnest(CAST(:partitions AS int[])) AS asked (p)
    ORDER BY p
    ON CONFLICT (source, partition) DO UPDATE SET number = held.number + 1
    RETURNING partition, number
""")


async def take(connection: AsyncConnection, topic: str, partition: int, *, count: int) -> int:
    """The first of `count` numbers of a source partition.

    Raises:
        LookupError: the partition has no position, so the caller is not in its batch.
    """
    asked = {"topic": topic, "partition": partition, "count": count}
    last = (await connection.execute(_OF_POSITION, asked)).scalar_one_or_none()
    if last is None:
        raise LookupError(f"no position of {topic}/{partition}")
    return int(last) - count + 1


async def one_act_at_a_time(connection: AsyncConnection) -> None:
    await connection.execute(_ONE_ACT)


async def take_for_act(
    connection: AsyncConnection, source: str, partitions: range
) -> dict[int, int]:
    """The next number of `source` for each of the usage partitions."""
    rows = await connection.execute(_OF_ACT, {"source": source, "partitions": list(partitions)})
    return {row.partition: row.number for row in rows}
