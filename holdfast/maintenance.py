"""`holdfast maintain` for one schema: days ahead are made, what is past its time goes."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from holdfast import partitions
from holdfast.partitions import EVENT_LINK, INBOX, OUTBOX, ROWS_MOVED_MAX, Busy, Daily
from shared import clock
from shared.arrivals import AGE_MAX
from shared.events.catalogue import ROUTES

DAYS_AHEAD = 7
LINKS_DAYS = 90  # `holdfast trace` looks back so far
BATCH_DAYS = 31  # an uploaded file may be sent again within the month that follows
KEY_HOURS = 24  # an Idempotency-Key lives so long
ROWS_MAX = 2_000  # of one deleting transaction
_ADVISORY_LOCK = 0x4D61696E
OUTBOX_DAYS = 1  # beside today: a transaction that began before midnight may write after it


@dataclass(frozen=True)
class Done:
    """One act, carried out or (in a dry run) only found; `rows` where it was about rows."""

    table: str
    what: str
    rows: int | None = None


@dataclass(frozen=True)
class Today:
    """Machine time by the database's calendar, and business time, by which facts are dated."""

    machine: date
    business: date


@dataclass(frozen=True)
class _Aged:
    """Rows that go one by one: those in default partitions, and idempotency keys."""

    table: str
    what: str
    condition: str


_SERVER = text("""
    SELECT c.system_identifier = s.system_identifier FROM outbox_cursor c, pg_control_system() s
""")

_LEFT = "(xid, id) <= (SELECT c.xid, c.last_id FROM outbox_cursor c)"


def inbox_days(service: str) -> int:
    """How long a repeat may come: the longest that a log keeps what this service dedupes by id.

    A compacted log keeps facts for ever, but of those the newest state alone counts, by sequence. A
    fact that came late is forgotten with its own day, before its log forgets it: only whoever reads
    that log anew (`holdfast positions move`) could be told it twice.
    """
    kept = [
        route.topic.retention
        for route in ROUTES
        if service in route.readers and not route.own_inbox and route.topic.retention
    ]
    return max(kept, default=timedelta(days=1)).days


async def maintain_at(url: str, service: str, *, dry: bool) -> list[Done]:
    """Maintain a schema as its owner, unless somebody else does so at this moment."""
    async with _alone(url) as engine:
        if engine is None:
            return [Done("all", "left to another `holdfast maintain` that is at work")]
        return [done async for done in maintain(engine, service, dry=dry)]


@asynccontextmanager
async def _alone(url: str) -> AsyncGenerator[AsyncEngine | None]:
    """An engine while nobody else maintains this schema; None while somebody does."""
    # Not shared.database's engine: one connection holds the lock while others work.
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=pool.NullPool,
        connect_args={"server_settings": {"application_name": "holdfast-maintain"}},
    )
    try:
        async with engine.connect() as holder:
            # No transaction stays open here: it would hold back the relays.
            held = await holder.execution_options(isolation_level="AUTOCOMMIT")
            taken = await held.scalar(
                text("SELECT pg_try_advisory_lock(:id, hashtext(current_schema()))"),
                {"id": _ADVISORY_LOCK},
            )
            yield engine if taken else None
    finally:
        await engine.dispose()


async def maintain(engine: AsyncEngine, service: str, *, dry: bool) -> AsyncGenerator[Done]:
    """Everything that is to be done now, act by act."""
    today = await _today(engine)
    async with engine.connect() as connection:
        ours = bool(await connection.scalar(_SERVER))
    if not ours:
        remedy = f"`holdfast outbox reseed {service}`"
        yield Done("outbox", f"stays: its cursor is of another server, see {remedy}")
    # Rows first: what has gone need not be moved.
    for aged in _aged(today, service, outbox=ours):
        if rows := await _rows_gone(engine, aged, dry=dry):
            yield Done(aged.table, aged.what, rows)
    for daily, first in _days_wanted(today, outbox=ours):
        async for done in _days_ahead(engine, daily, first, dry=dry):
            yield done
    for daily, before in _days_past(today, service, outbox=ours):
        async for done in _days_gone(engine, daily, before, dry=dry):
            yield done


async def _today(engine: AsyncEngine) -> Today:
    async with engine.connect() as connection:
        machine: date = (await connection.execute(text("SELECT current_date"))).scalar_one()
        known = await clock.read(connection)
    return Today(machine, known.now().date() if known.segments else machine)


def _days_wanted(today: Today, *, outbox: bool) -> Sequence[tuple[Daily, date]]:
    """From which day on; a fact may be dated in a zone where it is still yesterday.

    A row that moves into its day looks as if it had come with a restore: the reseed goes first.
    """
    return (
        (INBOX, today.business - timedelta(days=1)),
        *([(OUTBOX, today.machine)] if outbox else []),
        (EVENT_LINK, today.machine),
    )


async def _days_ahead(
    engine: AsyncEngine, daily: Daily, first: date, *, dry: bool
) -> AsyncGenerator[Done]:
    async with engine.connect() as connection:
        there = set(await partitions.days_of(connection, daily))
    last = first + timedelta(days=DAYS_AHEAD + (daily is INBOX))
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        if day not in there:
            yield await _made(engine, daily, day, dry=dry)


async def _made(engine: AsyncEngine, daily: Daily, day: date, *, dry: bool) -> Done:
    async with engine.connect() as connection:
        rows = await partitions.rows_in_default(connection, daily, day)
    if rows > ROWS_MOVED_MAX:
        return Done(daily.table, f"{day} stays in {daily.default}: too many rows to move", rows)
    try:
        if not dry:
            await partitions.make(engine, daily, day)
    except Busy:
        return Done(daily.table, f"{day} was not made: the table is busy; the next run tries again")
    return Done(daily.table, f"{day} made", rows or None)


def _days_past(today: Today, service: str, *, outbox: bool) -> Sequence[tuple[Daily, date]]:
    """Up to which day, that day excluded, a partition may go."""
    return (
        (INBOX, today.business - timedelta(days=inbox_days(service))),
        *([(OUTBOX, today.machine - timedelta(days=OUTBOX_DAYS))] if outbox else []),
        (EVENT_LINK, today.machine - timedelta(days=LINKS_DAYS)),
    )


async def _days_gone(
    engine: AsyncEngine, daily: Daily, before: date, *, dry: bool
) -> AsyncGenerator[Done]:
    async with engine.connect() as connection:
        past = [day for day in await partitions.days_of(connection, daily) if day < before]
        waiting = [day for day in past if daily is OUTBOX and await _unsent(connection, day)]
    for day in waiting:
        yield Done(daily.table, f"{day} stays: facts of that day have not left yet")
    for day in sorted({*past} - {*waiting}):
        try:
            if not dry:
                await partitions.drop(engine, daily, day)
            yield Done(daily.table, f"{day} dropped")
        except Busy:
            yield Done(daily.table, f"{day} stays: the table is busy; the next run tries again")


async def _unsent(connection: AsyncConnection, day: date) -> bool:
    asked = f"SELECT EXISTS (SELECT FROM {OUTBOX.partition(day)} WHERE NOT {_LEFT})"  # noqa: S608 - our own names.
    return bool(await connection.scalar(text(asked)))


def _aged(today: Today, service: str, *, outbox: bool) -> Sequence[_Aged]:
    # What came late lies in the default partition, and its repeat may come later still.
    late = today.business - timedelta(days=inbox_days(service)) - AGE_MAX
    links = today.machine - timedelta(days=LINKS_DAYS)
    keys = f"created_at < clock_timestamp() - interval '{KEY_HOURS} hours'"
    return (
        _Aged(INBOX.default, f"ids of facts before {late}", f"day < '{late}'"),
        *([_Aged(OUTBOX.default, "facts that have left", _LEFT)] if outbox else []),
        _Aged(EVENT_LINK.default, f"links before {links}", f"recorded_at < '{links}'"),
        _Aged("idempotency", f"keys older than {KEY_HOURS} hours", keys),
        *([_uploads(today)] if service == "alerts" else []),
    )


def _uploads(today: Today) -> _Aged:
    """Batches that are wholly on the log; one that is not is still somebody's to repeat."""
    before = today.business - timedelta(days=BATCH_DAYS)
    return _Aged(
        "ingest_batch",
        f"uploads before {before}",
        f"plan IS NULL AND begun_at < '{before}'",
    )


async def _rows_gone(engine: AsyncEngine, aged: _Aged, *, dry: bool) -> int:
    """Delete in chunks; how many rows went, or would."""
    if dry:
        async with engine.connect() as connection:
            counted = f"SELECT count(*) FROM {aged.table} WHERE {aged.condition}"  # noqa: S608 - our own names.
            return int(await connection.scalar(text(counted)) or 0)
    chunk = f"SELECT ctid FROM {aged.table} WHERE {aged.condition} LIMIT {ROWS_MAX}"  # noqa: S608 - as above.
    delete = text(f"DELETE FROM {aged.table} WHERE ctid = ANY(ARRAY({chunk}))")  # noqa: S608 - as above.
    gone = 0
    while True:
        async with engine.connect() as connection, connection.begin():
            deleted = (await connection.execute(delete)).rowcount
        gone += deleted
        if deleted < ROWS_MAX:
            return gone
