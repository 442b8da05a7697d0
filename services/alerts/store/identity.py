"""The numbers' owners over time: written by the fold of identity.v1, followed by ingest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.identity import IdentityAssigned

CHUNK_ROWS = 20_000  # read well below the statement limit of two seconds


@dataclass(frozen=True)
class Assignment:
    """A number belongs to a customer from one time to another."""

    number_hash: bytes
    valid_from: datetime
    valid_to: datetime | None
    customer_id: int
    county: str


# A run may tell one assignment twice; in sorted order no two partitions wait for each other's rows.
_UPSERT = text("""
    INSERT INTO identity AS kept
        (number_hash, valid_from, valid_to, customer_id, county, key_id, sequence)
    SELECT DISTINCT ON (number_hash, valid_from) *
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:froms AS timestamptz[]),
                CAST(:tos AS timestamptz[]), CAST(:customers AS bigint[]),
                CAST(:counties AS text[]), CAST(:keys AS text[]), CAST(:sequences AS numeric[]))
        AS told (number_hash, valid_from, valid_to, customer_id, county, key_id, sequence)
    ORDER BY number_hash, valid_from, sequence DESC
    ON CONFLICT (number_hash, valid_from) DO UPDATE
    SET valid_to = excluded.valid_to, customer_id = excluded.customer_id,
        county = excluded.county, key_id = excluded.key_id, sequence = excluded.sequence,
        version = pg_current_xact_id()
    WHERE kept.sequence < excluded.sequence
""")

# Whoever reads again from here on misses nothing: a transaction that is still open has an id at
# or above the snapshot's lowest. What is read twice is the same.
_NOW = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")

_AFTER_PLACE = text("""
    SELECT number_hash, valid_from, valid_to, customer_id, county FROM identity
    WHERE (number_hash, valid_from) > (:number_hash, :valid_from) AND key_id = :key_id
    ORDER BY number_hash, valid_from LIMIT :rows
""")

_SINCE_VERSION = text("""
    SELECT number_hash, valid_from, valid_to, customer_id, county FROM identity
    WHERE version >= CAST(CAST(:version AS text) AS xid8) AND key_id = :key_id
    ORDER BY number_hash, valid_from
""")

_OF_NUMBERS = text("""
    SELECT number_hash, valid_from, valid_to, customer_id, county FROM identity
    WHERE number_hash = ANY(CAST(:hashes AS bytea[])) ORDER BY number_hash, valid_from
""")


async def upsert(connection: AsyncConnection, assigned: Sequence[IdentityAssigned]) -> None:
    """Keep the newest word about each assignment; a lower sequence changes nothing."""
    await connection.execute(
        _UPSERT,
        {
            "hashes": [bytes.fromhex(one.number_hash) for one in assigned],
            "froms": [one.valid_from for one in assigned],
            "tos": [one.valid_to for one in assigned],
            "customers": [one.customer_id for one in assigned],
            "counties": [one.county for one in assigned],
            "keys": [one.key_id for one in assigned],
            "sequences": [one.sequence for one in assigned],
        },
    )


async def version(connection: AsyncConnection) -> str:
    """From where on `since` finds whatever this moment does not show yet."""
    return (await connection.execute(_NOW)).scalar_one()


async def page(
    connection: AsyncConnection, after: tuple[bytes, datetime], *, key_id: str
) -> list[Assignment]:
    """The next chunk of all assignments, in the order of number and time."""
    asked = {"number_hash": after[0], "valid_from": after[1], "key_id": key_id, "rows": CHUNK_ROWS}
    return [Assignment(*row) for row in await connection.execute(_AFTER_PLACE, asked)]


async def since(connection: AsyncConnection, version: str, *, key_id: str) -> list[Assignment]:
    """What changed at or after a version."""
    asked = {"version": version, "key_id": key_id}
    return [Assignment(*row) for row in await connection.execute(_SINCE_VERSION, asked)]


async def of_numbers(connection: AsyncConnection, hashes: Sequence[bytes]) -> list[Assignment]:
    """Every owner that these numbers had, whatever the key."""
    rows = await connection.execute(_OF_NUMBERS, {"hashes": sorted(set(hashes))})
    return [Assignment(*row) for row in rows]
