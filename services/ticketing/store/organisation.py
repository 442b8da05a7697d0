"""The organisation's tree, as `holdfast migrate` loaded it: who answers for a county."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class County:
    code: str
    retention_owner: str | None


_FIND = text("SELECT code, retention_owner FROM org_unit WHERE code = :code AND kind = 'county'")


async def county(connection: AsyncConnection, code: str) -> County | None:
    row = (await connection.execute(_FIND, {"code": code})).one_or_none()
    return County(row.code, row.retention_owner) if row else None


_OWNERS = text("SELECT code, retention_owner FROM org_unit WHERE retention_owner IS NOT NULL")


async def retention_owners(connection: AsyncConnection) -> dict[str, str]:
    """Who retains for which county; a tree has some dozens of them."""
    rows = await connection.execute(_OWNERS)
    return {row.code: row.retention_owner for row in rows}
