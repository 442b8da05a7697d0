"""The programmes' versions: a handful of rows, the record of what was promised when."""

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.points.domain.programme import Programme, Programmes

_READ = text("""
    SELECT (parameters || jsonb_build_object(
        'code', code, 'version', version, 'valid_from', valid_from))::text AS programme
    FROM programme
""")

_PROGRAMME = TypeAdapter(Programme)


async def read(connection: AsyncConnection) -> Programmes:
    """All versions; read in each transaction, so that a new one holds everywhere at once."""
    rows = await connection.execute(_READ)
    return Programmes(tuple(_PROGRAMME.validate_json(row.programme) for row in rows))
