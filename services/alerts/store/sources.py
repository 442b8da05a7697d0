"""The sources of usage: one exists from the day on which an operator registered it."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_REGISTER = text("""
    INSERT INTO source (source, registered_at, registered_by) VALUES (:source, :at, :by)
    ON CONFLICT DO NOTHING RETURNING registered_at
""")

_READ = text("SELECT registered_at FROM source WHERE source = :source")


async def register(connection: AsyncConnection, source: str, *, at: datetime, by: str) -> bool:
    """Whether it is new."""
    told = await connection.execute(_REGISTER, {"source": source, "at": at, "by": by})
    return told.scalar_one_or_none() is not None


async def registered_at(connection: AsyncConnection, source: str) -> datetime | None:
    return (await connection.execute(_READ, {"source": source})).scalar_one_or_none()
