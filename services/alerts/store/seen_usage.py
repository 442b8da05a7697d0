"""Which messages of usage were folded before: their inbox, asked first and written last."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SEEN = text("""
    SELECT i.ce_id FROM inbox i
    JOIN unnest(CAST(:days AS date[]), CAST(:ids AS uuid[])) AS asked (day, id)
        ON i.day = asked.day AND i.ce_id = asked.id
""")

_INSERT = text("""
    INSERT INTO inbox (day, ce_id)
    SELECT day, id FROM unnest(CAST(:days AS date[]), CAST(:ids AS uuid[])) AS folded (day, id)
    ORDER BY day, id ON CONFLICT DO NOTHING
""")


async def seen(connection: AsyncConnection, messages: Mapping[UUID, date]) -> set[UUID]:
    """Those of these messages that were folded before."""
    if not messages:
        return set()
    rows = await connection.execute(_SEEN, {"days": list(messages.values()), "ids": list(messages)})
    return {row.ce_id for row in rows}


async def insert(connection: AsyncConnection, messages: Mapping[UUID, date]) -> None:
    if messages:
        await connection.execute(_INSERT, {"days": list(messages.values()), "ids": list(messages)})
