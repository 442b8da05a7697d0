"""The taxonomy of losses, as pages and figures name it (TK-12)."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_READ = text("SELECT code, name_zh, name_en FROM lost_reason ORDER BY rank")


@dataclass(frozen=True)
class NamedReason:
    code: str
    name_zh: str
    name_en: str


async def read(connection: AsyncConnection) -> list[NamedReason]:
    return [NamedReason(**row) for row in (await connection.execute(_READ)).mappings()]
