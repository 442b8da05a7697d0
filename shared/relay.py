"""The doorway out, second half: one relay per schema publishes what was committed, in order.

It reads below a watermark: a row is published only when no transaction that may still commit has a
lower transaction id, so nothing is ever skipped (an id cursor lost 46 % under concurrent writers).
A crash between acknowledgement and cursor repeats records and loses none; readers dedupe by id.
"""

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import telemetry
from shared.faults import back_off_seconds, is_worlds_fault
from shared.logging import get_logger
from shared.outbox import Waker
from shared.relay_batches import Rows, batches_of, send
from shared.relay_lease import Lease, LeaseLost

POLL_SECONDS = 0.1  # without a wake: another process's commits are seen this late at most
GATHER_SECONDS = 0.01  # between two windows: what is committed meanwhile leaves together
ROWS_MAX = 1000
WINDOW_BYTES_MAX = 4 * 2**20  # a relay holds one window in memory; the row that crosses it goes too
# Above this a record is set aside without asking; the broker's own limit is the topic's.
REQUEST_BYTES_MAX = 1_048_576
# A broker restart takes longer than aiokafka's 40 s; a shorter limit drops what was not sent.
REQUEST_TIMEOUT_MS = 60_000

log = get_logger(__name__)


class WrongServer(Exception):  # noqa: N818 - the message says what to do.
    """The cursor belongs to another PostgreSQL cluster: its transaction ids mean nothing here."""


class TooLarge(KafkaError):  # noqa: N818 - a fact about a record, told by the broker.
    """The broker refused a record for its size; the producer's numbering has a hole there."""


# One watermark for the whole read, taken with its snapshot: rows of transactions at or above it
# wait. Values stay where they lie until a row is known to fit into the window. Where nothing waits
# there is one row without an id.
_WINDOW = text("""
    SELECT c.system_identifier = s.system_identifier AS same_server, current_schema() AS service,
           w.xid::text AS xid, w.id, w.event_id, w.topic, w.partition, w.key,
           w.headers::text AS headers, w.value, w.created_at
    FROM outbox_cursor c CROSS JOIN pg_control_system() s LEFT JOIN LATERAL (
        SELECT o.*, sum(octet_length(o.value)) OVER (ORDER BY o.xid, o.id) AS bytes
        FROM (
            SELECT * FROM outbox
            WHERE (xid, id) > (c.xid, c.last_id) AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid, id LIMIT :rows
        ) o
    ) w ON w.bytes - octet_length(w.value) < :bytes
    ORDER BY w.xid, w.id
""")

# The cursor's own epoch keeps a relay that was away from moving it back.
_MOVE = text("""
    UPDATE outbox_cursor
    SET xid = CAST(CAST(:xid AS text) AS xid8), last_id = :last_id, epoch = :epoch
    WHERE epoch <= :epoch
      AND EXISTS (SELECT FROM relay_lease WHERE owner = :owner AND epoch = :epoch)
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
    relay, attempt = _Relay(engine, kafka), 0
    try:
        while not stop.is_set():
            if await _went_well(relay, waker):
                attempt = 0
                continue
            await relay.drop_producer()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), back_off_seconds(attempt))
            attempt += 1
    finally:
        await relay.drop_producer()
    await relay.lease.release()


async def _went_well(relay: "_Relay", waker: Waker) -> bool:
    """One window and the wait for the next; False: broker, database or lease are away."""
    try:
        if await relay.publish_window():
            await asyncio.sleep(GATHER_SECONDS)
        else:
            await waker.wait(POLL_SECONDS)
    except Exception as error:
        if not (isinstance(error, KafkaError | LeaseLost) or is_worlds_fault(error)):
            raise
        log.warning("relay_waits", error=f"{type(error).__name__}: {error}"[:300])
        return False
    return True


class _Relay:
    def __init__(self, engine: AsyncEngine, kafka: str) -> None:
        # Each statement is a transaction by itself, whole and repeatable: a pass asks three times,
        # and would ask nine times if it said where each begins and ends.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._kafka = kafka
        self.lease = Lease(self._engine)
        self._producer: AIOKafkaProducer | None = None
        self._oversized: set[int] = set()  # rows of this window that the broker refused
        self._oldest: datetime | None = None
        # Asked when it is read: it must grow while the relay waits for the broker.
        telemetry.OUTBOX_UNSENT_AGE.set_function(self._unsent_seconds)

    def _unsent_seconds(self) -> float:
        return (datetime.now(UTC) - self._oldest).total_seconds() if self._oldest else 0

    async def publish_window(self) -> bool:
        """Publish what stands between cursor and watermark; False when nothing does."""
        epoch = await self.lease.take()
        rows: Rows = await self._window() if epoch is not None else ()
        self._oldest = min((row.created_at for row in rows), default=None)
        if epoch is None or not rows:
            return False
        started = time.monotonic()
        await self.lease.hold_during(self._produce(rows))
        await self._move(rows, epoch)
        telemetry.RELAY_PASS_SECONDS.observe(time.monotonic() - started)
        return True

    async def _window(self) -> Rows:
        limits = {"rows": ROWS_MAX, "bytes": WINDOW_BYTES_MAX}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_WINDOW, limits)).all()
        if not rows[0].same_server:
            raise WrongServer(
                "the outbox cursor was written by another PostgreSQL cluster (a restored or "
                "copied database), whose transaction ids cannot be compared with this one's. "
                "Make sure that no process uses the old one any more, then "
                f"`holdfast outbox reseed {rows[0].service} --yes`"
            )
        return rows if rows[0].id is not None else ()

    async def _produce(self, rows: Rows) -> None:
        """Send all, in the order of their ids, and wait for every acknowledgement."""
        self._oversized |= {row.id for row in rows if _size(row) > REQUEST_BYTES_MAX}
        leaving = [row for row in rows if row.id not in self._oversized]
        producer = await self._started_producer()
        batches = await batches_of(producer, sorted(leaving, key=lambda row: row.id))
        sent = [await send(producer, batch) for batch in batches]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        refused: list[BaseException] = []
        for batch, answer in zip(batches, answers, strict=True):
            if not isinstance(answer, BaseException):
                telemetry.OUTBOX_PUBLISHED.labels(topic=batch.tp.topic).inc(len(batch.rows))
            elif isinstance(answer, MessageSizeTooLargeError):
                self._oversized |= {row.id for row in batch.rows}
                refused.append(TooLarge(f"event {batch.rows[0].event_id} for {batch.tp.topic}"))
            else:
                refused.append(answer)
        if refused:
            # Whatever came after a refused batch of its partition was refused for its number, so
            # the window goes again, by a new producer and without what no broker takes.
            raise refused[0]

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = _producer(self._kafka)
            await self._producer.start()
        return self._producer

    async def drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _move(self, rows: Rows, epoch: int) -> None:
        """Set aside what no broker takes and move the cursor, if the lease is still ours."""
        last = rows[-1]
        oversized = [row for row in rows if row.id in self._oversized]
        async with self._engine.connect() as connection:
            await _set_aside(connection, oversized)
            moved = await connection.execute(
                _MOVE,
                {
                    "xid": last.xid,
                    "last_id": last.id,
                    "epoch": epoch,
                    "owner": self.lease.owner,
                },
            )
        self._oversized.clear()
        self._oldest = None
        if moved.rowcount == 0:
            raise self.lease.lost()


async def _set_aside(connection: AsyncConnection, rows: Rows) -> None:
    for row in rows:
        await connection.execute(_SET_ASIDE, {"xid": row.xid, "id": row.id})
        telemetry.OUTBOX_OVERSIZED.labels(topic=row.topic).inc()
        log.error("outbox_row_set_aside", topic=row.topic, event_id=str(row.event_id))


def _size(row: Row[Any]) -> int:
    """Of the record, nearly: names and values, without the few bytes that frame each."""
    return len(row.value) + len(row.headers) + len(row.key or "")


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
