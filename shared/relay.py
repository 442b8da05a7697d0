"""The doorway out, second half: one relay per schema publishes what was committed, in order.

It reads below a watermark: a row is published only when no transaction that may still commit has a
lower transaction id, so nothing is ever skipped (an id cursor lost 46 % under concurrent writers).
A crash between acknowledgement and cursor repeats records and loses none; readers dedupe by id.
"""

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import telemetry
from shared.faults import back_off_seconds, is_worlds_fault
from shared.logging import get_logger
from shared.outbox import Waker

LEASE_SECONDS = 3
RENEW_SECONDS = 1  # a lease younger than this is not taken again
POLL_SECONDS = 0.1  # without a wake: another process's commits are seen this late at most
ROWS_MAX = 1000
# Above this a sent record fails in the client already; the broker's own limit is the topic's.
REQUEST_BYTES_MAX = 1_048_576
# A broker restart takes longer than aiokafka's 40 s; a shorter limit drops what was not sent.
REQUEST_TIMEOUT_MS = 60_000

log = get_logger(__name__)


class WrongServer(Exception):  # noqa: N818 - the message says what to do.
    """The cursor belongs to another PostgreSQL cluster: its transaction ids mean nothing here."""


@dataclass(frozen=True)
class Cursor:
    xid: int
    last_id: int


# The database's clock decides: processes' clocks differ.
_TAKE_LEASE = text("""
    UPDATE relay_lease
    SET owner = :owner, epoch = epoch + (owner <> :owner)::int,
        expires_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE owner = :owner OR expires_at < clock_timestamp()
    RETURNING epoch
""")

_READ_CURSOR = text("""
    SELECT c.xid::text AS xid, c.last_id, c.system_identifier = s.system_identifier AS same_server
    FROM outbox_cursor c, pg_control_system() s
""")

# One watermark for the whole read, taken before it: rows of transactions at or above it wait.
_WINDOW = text("""
    SELECT o.xid::text AS xid, o.id, o.event_id, o.topic, o.partition, o.key, o.headers, o.value,
           o.created_at
    FROM outbox o
    WHERE (o.xid, o.id) > (CAST(CAST(:xid AS text) AS xid8), :last_id)
      AND o.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY o.xid, o.id LIMIT :rows
""")

_MOVE = text("""
    UPDATE outbox_cursor
    SET xid = CAST(CAST(:xid AS text) AS xid8), last_id = :last_id, epoch = :epoch
    WHERE EXISTS (SELECT FROM relay_lease WHERE owner = :owner AND epoch = :epoch)
""")

_SET_ASIDE = text("""
    INSERT INTO outbox_oversized (id, event_id, topic, size, headers, value)
    SELECT :id, event_id, topic, octet_length(value), headers, value FROM outbox
    WHERE xid = CAST(CAST(:xid AS text) AS xid8) AND id = :id
    ON CONFLICT DO NOTHING
""")


async def run_relay(engine: AsyncEngine, kafka: str, *, waker: Waker, stop: asyncio.Event) -> None:
    """Publish until `stop`; wait out an absent database or broker, forever.

    Raises:
        WrongServer: the database was replaced under the cursor.
    """
    relay = _Relay(engine, f"{socket.gethostname()}/{os.getpid()}")
    attempt = 0
    while not stop.is_set():
        producer = _producer(kafka)
        try:
            await producer.start()
            await relay.publish_until(stop, waker, producer)
        except KafkaError as error:
            log.warning("relay_waits", error=repr(error))
        except Exception as error:
            if not is_worlds_fault(error):
                raise
            log.warning("relay_waits", error=f"{type(error).__name__}: {error}"[:300])
        finally:
            await producer.stop()
        attempt = 0 if relay.published_once() else attempt + 1
        await waker.wait(back_off_seconds(attempt))


def _producer(kafka: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=kafka.split(","),
        client_id="holdfast-relay",
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_request_size=REQUEST_BYTES_MAX,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )


class _Relay:
    def __init__(self, engine: AsyncEngine, owner: str) -> None:
        self._engine = engine
        self._owner = owner
        self._published = False
        self._epoch: int | None = None
        self._leased_at = 0.0

    def published_once(self) -> bool:
        """Whether anything left since the last question: the world is not wholly away."""
        published, self._published = self._published, False
        return published

    async def publish_until(
        self, stop: asyncio.Event, waker: Waker, producer: AIOKafkaProducer
    ) -> None:
        while not stop.is_set():
            more = await self._pass(producer)
            if not more:
                await waker.wait(POLL_SECONDS)

    async def _pass(self, producer: AIOKafkaProducer) -> bool:
        """One window; True when there may be more at once."""
        epoch = await self._lease()
        if epoch is None:
            return False
        started = time.monotonic()
        async with self._engine.connect() as connection, connection.begin():
            cursor = await self._cursor(connection)
            rows = (
                await connection.execute(
                    _WINDOW,
                    {"xid": str(cursor.xid), "last_id": cursor.last_id, "rows": ROWS_MAX},
                )
            ).all()
        if not rows:
            telemetry.OUTBOX_UNSENT_AGE.set(0)
            return False
        telemetry.OUTBOX_UNSENT_AGE.set((datetime.now(UTC) - rows[0].created_at).total_seconds())
        oversized = await self._produce(producer, rows)
        await self._move(rows, oversized, epoch)
        telemetry.RELAY_PASS_SECONDS.observe(time.monotonic() - started)
        self._published = True
        return len(rows) == ROWS_MAX

    async def _lease(self) -> int | None:
        """The epoch of our lease, taken again when it is a second old; None: another relays."""
        now = time.monotonic()
        if self._epoch is None or now - self._leased_at > RENEW_SECONDS:
            async with self._engine.connect() as connection, connection.begin():
                asked = {"owner": self._owner, "seconds": LEASE_SECONDS}
                taken = await connection.execute(_TAKE_LEASE, asked)
                self._epoch = taken.scalar_one_or_none()
            self._leased_at = now
            telemetry.RELAY_LEADER.set(self._epoch is not None)
        return self._epoch

    async def _cursor(self, connection: AsyncConnection) -> Cursor:
        row = (await connection.execute(_READ_CURSOR)).one()
        if not row.same_server:
            raise WrongServer(
                "the outbox cursor was written by another PostgreSQL cluster (restored or copied "
                "database); transaction ids cannot be compared. Run `holdfast maintain outbox "
                "--reseed` after making sure that no relay of the old cluster still runs."
            )
        return Cursor(int(row.xid), row.last_id)

    async def _produce(
        self, producer: AIOKafkaProducer, rows: Sequence[Row[Any]]
    ) -> list[Row[Any]]:
        """Send all, in the order of their ids, and wait for every acknowledgement."""
        oversized: list[Row[Any]] = []
        sent: list[tuple[Row[Any], asyncio.Future[Any]]] = []
        for row in sorted(rows, key=lambda r: r.id):
            try:
                sent.append((row, await self._send(producer, row)))
            except MessageSizeTooLargeError:
                oversized.append(row)
        for row, acknowledged in sent:
            try:
                await acknowledged
            except MessageSizeTooLargeError:
                oversized.append(row)
            else:
                telemetry.OUTBOX_PUBLISHED.labels(topic=row.topic).inc()
        return oversized

    async def _send(self, producer: AIOKafkaProducer, row: Row[Any]) -> asyncio.Future[Any]:
        while True:
            try:
                return await producer.send(
                    row.topic,
                    value=row.value,
                    key=row.key.encode() if row.key is not None else None,
                    partition=row.partition,
                    headers=[(name, value.encode()) for name, value in row.headers.items()],
                )
            except KafkaTimeoutError:
                # The client's buffer could not drain: this record was not taken, so ask again.
                log.warning("relay_buffer_full", topic=row.topic)

    async def _move(
        self, rows: Sequence[Row[Any]], oversized: Sequence[Row[Any]], epoch: int
    ) -> None:
        """Set aside what no broker takes and move the cursor, if the lease is still ours."""
        last = rows[-1]
        async with self._engine.connect() as connection, connection.begin():
            for row in oversized:
                await connection.execute(_SET_ASIDE, {"xid": row.xid, "id": row.id})
                telemetry.OUTBOX_OVERSIZED.labels(topic=row.topic).inc()
                log.error("outbox_row_set_aside", topic=row.topic, event_id=str(row.event_id))
            moved = await connection.execute(
                _MOVE,
                {"xid": last.xid, "last_id": last.id, "epoch": epoch, "owner": self._owner},
            )
        if moved.rowcount == 0:
            self._epoch = None
            telemetry.RELAY_LEASES_LOST.inc()
            log.warning("relay_lease_lost", epoch=epoch)
