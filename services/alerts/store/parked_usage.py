"""Records whose number nobody owned when they came; they wait as hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class ParkedRecord:
    """A call record without its customer. `place` is its number among all that ever waited."""

    parked_id: UUID
    source: str
    record_id: str
    number_hash: bytes
    at: datetime
    kind: str
    direction: str
    seconds: int
    kilobytes: int
    fen: int
    peer: bytes | None
    forwarded_to: bytes | None
    at_home: bool
    due_at: datetime
    given_up_at: datetime
    place: int = 0


_COLUMNS = """parked_id, source, record_id, number_hash, at, kind, direction, seconds, kilobytes,
    fen, peer, forwarded_to, at_home, due_at, given_up_at"""

_INSERT = text(f"""
    INSERT INTO parked_usage ({_COLUMNS})
    SELECT * FROM unnest(
        CAST(:parked_id AS uuid[]), CAST(:source AS text[]), CAST(:record_id AS text[]),
        CAST(:number_hash AS bytea[]), CAST(:at AS timestamptz[]), CAST(:kind AS text[]),
        CAST(:direction AS text[]), CAST(:seconds AS int[]), CAST(:kilobytes AS bigint[]),
        CAST(:fen AS bigint[]), CAST(:peer AS bytea[]), CAST(:forwarded_to AS bytea[]),
        CAST(:at_home AS boolean[]), CAST(:due_at AS timestamptz[]),
        CAST(:given_up_at AS timestamptz[]))
""")  # noqa: S608 - the column list is a constant of this module.

_FIELDS = tuple(name.strip() for name in _COLUMNS.split(","))

_LOCK_OF_NUMBERS = text(f"""
    SELECT {_COLUMNS}, place FROM parked_usage
    WHERE number_hash = ANY(CAST(:hashes AS bytea[]))
    ORDER BY place LIMIT :rows FOR UPDATE SKIP LOCKED
""")  # noqa: S608 - as above.

_LOCK_DUE = text(f"""
    SELECT {_COLUMNS}, place FROM parked_usage WHERE due_at <= :now
    ORDER BY due_at, place LIMIT :rows FOR UPDATE SKIP LOCKED
""")  # noqa: S608 - as above.

_HASTEN = text("""
    UPDATE parked_usage SET due_at = :now
    WHERE number_hash = ANY(CAST(:hashes AS bytea[])) AND due_at > :now
""")

_DELETE = text("DELETE FROM parked_usage WHERE parked_id = ANY(CAST(:ids AS uuid[]))")

_WAIT_ON = text("""
    UPDATE parked_usage SET due_at = given_up_at WHERE parked_id = ANY(CAST(:ids AS uuid[]))
""")


async def insert(connection: AsyncConnection, records: Sequence[ParkedRecord]) -> None:
    if records:
        columns = {name: [getattr(one, name) for one in records] for name in _FIELDS}
        await connection.execute(_INSERT, columns)


async def lock_of_numbers(
    connection: AsyncConnection, hashes: Sequence[bytes], *, rows: int
) -> list[ParkedRecord]:
    """What waits for these numbers, as far as nobody else sends it at this moment."""
    asked = {"hashes": sorted(set(hashes)), "rows": rows}
    found = await connection.execute(_LOCK_OF_NUMBERS, asked)
    return [ParkedRecord(*row) for row in found]


async def hasten(connection: AsyncConnection, hashes: Sequence[bytes], *, now: datetime) -> None:
    """Let whatever waits for these numbers be looked at next."""
    await connection.execute(_HASTEN, {"hashes": sorted(set(hashes)), "now": now})


async def lock_due(connection: AsyncConnection, now: datetime, *, rows: int) -> list[ParkedRecord]:
    found = await connection.execute(_LOCK_DUE, {"now": now, "rows": rows})
    return [ParkedRecord(*row) for row in found]


async def delete(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    await connection.execute(_DELETE, {"ids": sorted(ids)})


async def wait_on(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Look at them once more when they are given up."""
    await connection.execute(_WAIT_ON, {"ids": sorted(ids)})
