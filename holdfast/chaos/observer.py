"""Looks at PostgreSQL as the run goes on: positions, and whether points keeps up with them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from holdfast.chaos.history import Expected, Place, Sample
from shared.events.catalogue import BILLING, CUSTOMERS
from shared.faults import is_worlds_fault

SAMPLE_SECONDS = 1.0
TOPICS = frozenset({BILLING.name, CUSTOMERS.name})
CONNECT_SECONDS = 5.0

Where = tuple[str, int]

_POSITIONS = "SELECT topic, partition, next_offset FROM position"

_ABSENT_ENTRIES = """
SELECT asked.id::text AS id FROM unnest($1::bigint[], $2::uuid[]) AS asked (customer, id)
WHERE NOT EXISTS (
    SELECT FROM entry e WHERE e.customer_id = asked.customer AND e.entry_id = asked.id)
"""

_ABSENT_LETTERS = """
SELECT concat_ws('/', t, p, o, r) AS id
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[]) AS asked (t, p, o, r)
WHERE NOT EXISTS (SELECT FROM dead_letter d
    WHERE d.topic = t AND d.partition = p AND d.offset_ = o AND d.row_ = r)
"""


@asynccontextmanager
async def connected(url: str, service: str = "points") -> AsyncGenerator[asyncpg.Connection]:
    """A superuser's connection that sees the service's tables."""
    connection = await asyncpg.connect(
        url, timeout=CONNECT_SECONDS, server_settings={"search_path": f"{service},holdfast"}
    )
    try:
        yield connection
    finally:
        with contextlib.suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
            await connection.close()


async def positions(url: str, service: str) -> dict[Where, int]:
    async with connected(url, service) as connection:
        return by_partition(await connection.fetch(_POSITIONS))


async def owners(url: str, service: str) -> int:
    """How many workers hold partitions."""
    async with connected(url, service) as connection:
        return await connection.fetchval("SELECT count(DISTINCT owner) FROM position")


async def relay_owner(url: str, service: str) -> int:
    """The pid of the process that relays."""
    async with connected(url, service) as connection:
        owner: str = await connection.fetchval("SELECT owner FROM relay_lease")
    # host/pid/mark: a restarted process may get the pid of the one before it.
    return int(owner.split("/")[1])


async def absent_letters(
    connection: asyncpg.Connection, covered: Sequence[Place], expected: Mapping[int, Expected]
) -> list[str]:
    """Dead letters of these messages that are not there."""
    rows = [(place, row) for place in covered for row in expected[place.number].dead_rows]
    letters = await connection.fetch(
        _ABSENT_LETTERS,
        [place.topic for place, _ in rows],
        [place.partition for place, _ in rows],
        [place.offset for place, _ in rows],
        [row for _, row in rows],
    )
    return [row["id"] for row in letters]


class Observer:
    """Takes a snapshot a second; every acknowledged message is asked for once, when covered."""

    def __init__(self, url: str, expected: Mapping[int, Expected]) -> None:
        self._url = url
        self._expected = expected
        self._read = 0
        self._uncovered: list[Place] = []
        self._sequences: dict[int, int] = {}
        self._began = time.monotonic()
        self.samples: list[Sample] = []

    async def watch(self, acknowledged: Sequence[Place]) -> None:
        """Until cancelled; a server that is away is asked again."""
        while True:
            try:
                async with connected(self._url) as connection:
                    while True:
                        await self._sample(connection, acknowledged)
                        await asyncio.sleep(SAMPLE_SECONDS)
            except Exception as error:
                if not is_worlds_fault(error):
                    raise
                await asyncio.sleep(SAMPLE_SECONDS)

    async def _sample(self, connection: asyncpg.Connection, acknowledged: Sequence[Place]) -> None:
        self._uncovered += [p for p in acknowledged[self._read :] if p.topic in TOPICS]
        self._read = len(acknowledged)
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        at = by_partition(await connection.fetch(_POSITIONS))
        covered = [p for p in self._uncovered if p.offset < at.get((p.topic, p.partition), 0)]
        behind = [*await self._absent(connection, covered)]
        held = await connection.fetch("SELECT customer_id, sequence FROM customer")
        await connection.execute("COMMIT")
        sequences = {row["customer_id"]: row["sequence"] for row in held}
        went_back = [c for c, s in self._sequences.items() if sequences.get(c, 0) < s]
        asked = set(covered)
        self._uncovered = [place for place in self._uncovered if place not in asked]
        self._sequences = sequences
        self.samples.append(
            Sample(
                second=round(time.monotonic() - self._began, 1),
                asked=len(covered),
                behind=tuple(behind),
                went_back=tuple(went_back),
            )
        )

    async def _absent(self, connection: asyncpg.Connection, covered: Sequence[Place]) -> list[str]:
        claims = [claim for p in covered for claim in self._expected[p.number].claims]
        entries = await connection.fetch(
            _ABSENT_ENTRIES, [c.customer for c in claims], [c.entry_id for c in claims]
        )
        letters = await absent_letters(connection, covered, self._expected)
        return [*(row["id"] for row in entries), *letters]


def by_partition(rows: Sequence[Any]) -> dict[Where, int]:
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
