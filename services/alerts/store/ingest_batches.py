"""What was uploaded: a batch is decided once, told until all of it is on the log, then remembered.

Between the first decision and the last acknowledgement the row keeps whose each record is. A
repeat after a crash so tells the same messages under the same ids, whatever was learnt meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class Batch:
    """An upload; `plan` is None once all of it is on the log."""

    source: str
    batch_id: str
    digest: bytes
    begun_at: datetime
    accepted: int
    parked: int
    plan: bytes | None


_FIND = text("""
    SELECT source, batch_id, digest, begun_at, accepted, parked, plan FROM ingest_batch
    WHERE source = :source AND batch_id = :batch_id
""")

_BEGIN = text("""
    INSERT INTO ingest_batch (source, batch_id, digest, begun_at, accepted, parked, plan)
    VALUES (:source, :batch_id, :digest, :begun_at, :accepted, :parked, :plan)
    ON CONFLICT DO NOTHING RETURNING true
""")

_END = text("""
    UPDATE ingest_batch SET plan = NULL WHERE source = :source AND batch_id = :batch_id
""")


async def find(connection: AsyncConnection, source: str, batch_id: str) -> Batch | None:
    asked = {"source": source, "batch_id": batch_id}
    row = (await connection.execute(_FIND, asked)).one_or_none()
    return Batch(*row) if row else None


async def begin(connection: AsyncConnection, batch: Batch) -> bool:
    """Keep the decision; False when the same batch was begun meanwhile, by another request."""
    told = await connection.execute(_BEGIN, vars(batch))
    return told.scalar_one_or_none() is not None


async def end(connection: AsyncConnection, batch: Batch) -> None:
    """All of it is on the log."""
    await connection.execute(_END, {"source": batch.source, "batch_id": batch.batch_id})
