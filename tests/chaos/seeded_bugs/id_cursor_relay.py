"""A points worker with a bug on purpose: its relay follows the outbox by id, without a watermark.

Ids are given when rows are written and rows appear when their transactions commit, so a row with a
lower id may appear behind the cursor and never leave. The pause widens that gap.
"""

import asyncio
import random
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points import worker
from shared import outbox, relay

GAP_SECONDS = 0.1

_BY_ID = text("""
    SELECT o.xid::text AS xid, o.id, o.event_id, o.topic, o.partition, o.key, o.headers, o.value,
           o.created_at
    FROM outbox o
    WHERE o.id > :last_id AND CAST(:xid AS text) IS NOT NULL
    ORDER BY o.id LIMIT :rows
""")

_insert = outbox.insert


async def insert_and_linger(
    connection: AsyncConnection, records: Sequence[outbox.OutboxRecord]
) -> None:
    await _insert(connection, records)
    await asyncio.sleep(random.uniform(0, GAP_SECONDS))  # noqa: S311 - a gap, no secret.


if __name__ == "__main__":
    outbox.insert = insert_and_linger
    relay._WINDOW = _BY_ID  # pyright: ignore[reportPrivateUsage, reportConstantRedefinition] - the bug itself.
    worker.main()
