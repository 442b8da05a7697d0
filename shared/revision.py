"""Code and schema must fit: neither may be too old for the other."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.faults import sqlstate

_NO_SUCH_TABLE = "42P01"


@dataclass(frozen=True)
class SchemaRange:
    """`lowest`: the revision this code needs at least. `known`: the newest it was written with."""

    service: str
    lowest: int
    known: int


class SchemaMismatch(Exception):  # noqa: N818 - the message says what to type.
    """Code and schema do not fit; the process refuses to start (exit 78)."""


async def require_revision(engine: AsyncEngine, schema: SchemaRange) -> None:
    """Refuse to run on a schema that is behind, or that has outgrown this code.

    Raises:
        SchemaMismatch: with the command that mends it.
    """
    async with engine.connect() as connection:
        try:
            row = (
                await connection.execute(
                    text("SELECT version_num, known FROM alembic_version, schema_floor")
                )
            ).one()
        except ProgrammingError as error:
            if sqlstate(error) != _NO_SUCH_TABLE:
                raise
            raise SchemaMismatch(_behind(schema, 0)) from error
    revision = int(row.version_num)
    if revision < schema.lowest:
        raise SchemaMismatch(_behind(schema, revision))
    if row.known > schema.known:
        raise SchemaMismatch(
            f"schema {schema.service} needs code that knows revision {row.known:04d}; this code "
            f"knows {schema.known:04d}. Deploy the newer release."
        )


def _behind(schema: SchemaRange, revision: int) -> str:
    return (
        f"schema {schema.service} is at revision {revision:04d}, this code needs "
        f"{schema.lowest:04d}. Run `holdfast migrate {schema.service}`."
    )
