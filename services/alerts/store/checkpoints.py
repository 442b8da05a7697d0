"""Where a partition's rows were saved, and which messages a later fold must skip again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT = 2  # recent ones: if the newest is unsound, the one before is taken
KEPT_DAYS = 120  # of each of them the first one: from there a backtest starts warm

_FIRST = text("""
    INSERT INTO checkpoint (partition, next_offset, epoch, layout, rows)
    SELECT p, start, epoch, :layout, 0
    FROM unnest(CAST(:partitions AS int[]), CAST(:starts AS bigint[]), CAST(:epochs AS bigint[]))
        AS claimed (p, start, epoch)
    WHERE NOT EXISTS (SELECT FROM checkpoint c WHERE c.partition = p)
    ORDER BY p
    RETURNING partition
""")

_RECENT = text("""
    SELECT next_offset, url, checksum FROM checkpoint
    WHERE partition = :partition AND next_offset <= :position
    ORDER BY next_offset DESC
""")

_INSERT = text("""
    INSERT INTO checkpoint (partition, next_offset, epoch, url, checksum, layout, rows)
    VALUES (:partition, :next_offset, :epoch, :url, :checksum, :layout, :rows)
    ON CONFLICT (partition, next_offset) DO UPDATE
    SET epoch = excluded.epoch, url = excluded.url, checksum = excluded.checksum,
        layout = excluded.layout, rows = excluded.rows, written_at = clock_timestamp()
""")

_PRUNE = text("""
    WITH ranked AS (
        SELECT next_offset, url,
               row_number() OVER (ORDER BY next_offset DESC) AS age,
               row_number() OVER (PARTITION BY (written_at AT TIME ZONE 'UTC')::date, url IS NULL
                                  ORDER BY next_offset) AS of_its_day,
               written_at > clock_timestamp() - make_interval(days => :days) AS young
        FROM checkpoint WHERE partition = :partition
    )
    DELETE FROM checkpoint c USING ranked r
    WHERE c.partition = :partition AND c.next_offset = r.next_offset AND r.age > :kept
      AND NOT (r.of_its_day = 1 AND r.young AND r.url IS NOT NULL)
    RETURNING c.url
""")

_FORGET_SKIPPED = text("""
    DELETE FROM skipped_usage WHERE partition = :partition AND offset_ < (
        SELECT min(next_offset) FROM checkpoint WHERE partition = :partition)
""")

_SKIPPED = text("SELECT offset_ FROM skipped_usage WHERE partition = :partition")

_SKIP = text("""
    INSERT INTO skipped_usage (partition, offset_)
    SELECT CAST(:partition AS int), o FROM unnest(CAST(:offsets AS bigint[])) AS skipped (o)
    ORDER BY o ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True)
class Checkpoint:
    """Without a url the rows are empty: the log's start, as it was first claimed."""

    next_offset: int
    url: str | None
    checksum: str | None


@dataclass(frozen=True)
class Written:
    """A snapshot that lies in the object store."""

    next_offset: int
    epoch: int
    url: str
    checksum: str
    layout: int
    rows: int


async def insert_first(
    connection: AsyncConnection, claims: Mapping[int, tuple[int, int]], *, layout: int
) -> list[int]:
    """Begin partitions (start, epoch) that were never claimed; which they are."""
    partitions = sorted(claims)
    rows = await connection.execute(
        _FIRST,
        {
            "partitions": partitions,
            "starts": [claims[p][0] for p in partitions],
            "epochs": [claims[p][1] for p in partitions],
            "layout": layout,
        },
    )
    return [row.partition for row in rows]


async def not_after(
    connection: AsyncConnection, partition: int, position: int
) -> Sequence[Checkpoint]:
    """The checkpoints that a fold up to `position` may begin at, the newest first."""
    rows = await connection.execute(_RECENT, {"partition": partition, "position": position})
    return [Checkpoint(row.next_offset, row.url, row.checksum) for row in rows]


async def insert(connection: AsyncConnection, partition: int, written: Written) -> list[str]:
    """Keep a checkpoint; the snapshots that nobody needs any more."""
    await connection.execute(_INSERT, {"partition": partition, **vars(written)})
    pruned = await connection.execute(
        _PRUNE, {"partition": partition, "kept": KEPT, "days": KEPT_DAYS}
    )
    urls = [row.url for row in pruned if row.url]
    await connection.execute(_FORGET_SKIPPED, {"partition": partition})
    return urls


async def skipped(connection: AsyncConnection, partition: int) -> set[int]:
    rows = await connection.execute(_SKIPPED, {"partition": partition})
    return {row.offset_ for row in rows}


async def skip(connection: AsyncConnection, partition: int, offsets: Sequence[int]) -> None:
    if offsets:
        await connection.execute(_SKIP, {"partition": partition, "offsets": sorted(offsets)})
