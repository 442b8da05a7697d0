"""After a restore into another PostgreSQL cluster: which facts left, which did not, and go on.

The relay's cursor compares transaction ids, and those of another cluster mean nothing here. Rows
that came with the restore carry the old cluster's ids as data and this one's in `xmin`; by that
they are told from rows that were written here since.
"""

from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

ROWS_MAX = 2_000  # of a transaction: an open one holds back every relay of the server


@dataclass(frozen=True)
class Standing:
    """Where a schema's outbox stands; identifiers are of clusters (pg_control_system)."""

    cursor_server: int
    this_server: int
    cursor: str
    left: int
    waiting: int
    written_here: int

    @property
    def same_server(self) -> bool:
        return self.cursor_server == self.this_server


# xmin is the lower half of a transaction id.
_BROUGHT = "o.xmin::text::bigint <> o.xid::text::bigint % 4294967296"

_STANDING = text(f"""
    SELECT c.system_identifier, s.system_identifier, c.xid::text || '/' || c.last_id,
           count(*) FILTER (WHERE {_BROUGHT} AND (o.xid, o.id) <= (c.xid, c.last_id)),
           count(*) FILTER (WHERE {_BROUGHT} AND (o.xid, o.id) > (c.xid, c.last_id)),
           count(*) FILTER (WHERE o.id IS NOT NULL AND NOT {_BROUGHT})
    FROM outbox_cursor c CROSS JOIN pg_control_system() s LEFT JOIN outbox o ON true
    GROUP BY 1, 2, 3
""")  # noqa: S608 - our own words.

_FORGET_WHAT_LEFT = text(f"""
    DELETE FROM outbox USING (
        SELECT o.xid, o.id FROM outbox o, outbox_cursor c
        WHERE {_BROUGHT} AND (o.xid, o.id) <= (c.xid, c.last_id) LIMIT :rows
    ) gone WHERE outbox.xid = gone.xid AND outbox.id = gone.id
""")  # noqa: S608 - as above.

_TAKE_OVER_WHAT_WAITS = text(f"""
    UPDATE outbox SET xid = pg_current_xact_id() FROM (
        SELECT o.xid, o.id FROM outbox o WHERE {_BROUGHT} ORDER BY o.id LIMIT :rows
    ) waiting WHERE outbox.xid = waiting.xid AND outbox.id = waiting.id
""")  # noqa: S608 - as above.

# Below everything that is there: the relay sends what is left, and perhaps some of it again.
_BEGIN_HERE = text("""
    UPDATE outbox_cursor
    SET xid = coalesce((SELECT min(xid) FROM outbox), pg_current_xact_id()), last_id = 0,
        system_identifier = (SELECT system_identifier FROM pg_control_system())
    RETURNING xid::text || '/' || last_id
""")


async def standing(connection: AsyncConnection) -> Standing:
    return Standing(*(await connection.execute(_STANDING)).one())


async def reseed(engine: AsyncEngine) -> str:
    """Place the cursor in this cluster, and answer where; cut short, it may be run again.

    A fact that waits is sent, and one that was written here since is sent once more at most:
    readers know facts by their ids. What had left is dropped from the outbox.
    """
    await _repeat(engine, _FORGET_WHAT_LEFT)
    await _repeat(engine, _TAKE_OVER_WHAT_WAITS)
    async with engine.connect() as connection, connection.begin():
        return str(await connection.scalar(_BEGIN_HERE))


async def _repeat(engine: AsyncEngine, statement: TextClause) -> None:
    while True:
        async with engine.connect() as connection, connection.begin():
            done = await connection.execute(statement, {"rows": ROWS_MAX})
        if done.rowcount == 0:
            return
