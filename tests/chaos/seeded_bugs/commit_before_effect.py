"""A points worker with a bug on purpose: the position commits before the effects (a lost update).

The pause widens the gap that every such bug has, so that a handful of faults is sure to meet it.
"""

import asyncio
import os

from aiokafka import TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points import worker
from shared import positions
from shared.database import WORKER_POOL, create_engine

GAP_SECONDS = 0.05

_advance = positions.advance
_engine = create_engine(
    os.environ["HOLDFAST_POINTS_WORKER_DATABASE_URL"],
    application="seeded-bug",
    pool_size=WORKER_POOL,
)


async def advance_and_commit(
    _connection: AsyncConnection, tp: TopicPartition, span: tuple[int, int], *, epoch: int
) -> bool:
    async with _engine.connect() as early, early.begin():
        moved = await _advance(early, tp, span, epoch=epoch)
    await asyncio.sleep(GAP_SECONDS)
    return moved


if __name__ == "__main__":
    positions.advance = advance_and_commit
    worker.main()
