"""The doorway out, first half: facts are rows of the transaction that made them true."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.events import envelope
from shared.events.catalogue import topic_of
from shared.events.event import Event
from shared.tracing import Trace, trace_of


@dataclass(frozen=True)
class Link:
    """One step of a causal chain, kept after the outbox partition is gone."""

    event_id: UUID
    cause_id: str | None
    cause_type: str | None
    type: str
    subject: str
    at: datetime


@dataclass(frozen=True)
class OutboxRecord:
    """What will be produced: bytes and headers as they leave. `partition` None: by key."""

    event_id: UUID
    topic: str
    partition: int | None
    key: str | None
    headers: dict[str, str]
    value: bytes
    link: Link


def record_of(event: Event, trace: Trace | None) -> OutboxRecord:
    """The record of a fact; without a trace it begins one of its own."""
    correlation = event.cause_id or str(event.event_id)
    headers, value = envelope.encode(event, trace or trace_of(None, correlation))
    return OutboxRecord(
        event_id=event.event_id,
        topic=topic_of(event.event_type).name,
        partition=None,
        key=event.key,
        headers=headers,
        value=value,
        link=Link(
            event_id=event.event_id,
            cause_id=event.cause_id,
            cause_type=event.cause_type,
            type=event.event_type,
            subject=event.subject,
            at=event.at,
        ),
    )


# One statement for both tables; WITH ORDINALITY keeps the ids in the order of emission, by which
# the relay sorts what it publishes.
_INSERT = text("""
    WITH leaving AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:event_ids AS uuid[]), CAST(:topics AS text[]), CAST(:partitions AS int[]),
            CAST(:keys AS text[]), CAST(:headers AS jsonb[]), CAST(:bodies AS bytea[]),
            CAST(:causes AS text[]), CAST(:cause_types AS text[]), CAST(:types AS text[]),
            CAST(:subjects AS text[]), CAST(:times AS timestamptz[])
        ) WITH ORDINALITY AS l (event_id, topic, partition, key, headers, value, cause_id,
                                cause_type, type, subject, at, number)
    ), links AS (
        INSERT INTO event_link (event_id, cause_id, cause_type, type, subject, at)
        SELECT event_id, cause_id, cause_type, type, subject, at FROM leaving ORDER BY number
    )
    INSERT INTO outbox (event_id, topic, partition, key, headers, value)
    SELECT event_id, topic, partition, key, headers, value FROM leaving ORDER BY number
""")


async def insert(connection: AsyncConnection, records: Sequence[OutboxRecord]) -> None:
    """Write the records and their links; they leave if and when the transaction commits."""
    await connection.execute(
        _INSERT,
        {
            "event_ids": [r.event_id for r in records],
            "topics": [r.topic for r in records],
            "partitions": [r.partition for r in records],
            "keys": [r.key for r in records],
            "headers": [to_json(r.headers).decode() for r in records],
            "bodies": [r.value for r in records],
            "causes": [r.link.cause_id for r in records],
            "cause_types": [r.link.cause_type for r in records],
            "types": [r.link.type for r in records],
            "subjects": [r.link.subject for r in records],
            "times": [r.link.at for r in records],
        },
    )


class Waker:
    """Wakes the relay of this process after a commit, so that it need not poll fast."""

    def __init__(self) -> None:
        self._committed = asyncio.Event()

    def wake(self) -> None:
        self._committed.set()

    async def wait(self, seconds: float) -> None:
        """Until a commit of this process, at most `seconds`."""
        try:
            await asyncio.wait_for(self._committed.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._committed.clear()


_WAKERS: WeakKeyDictionary[AsyncEngine, Waker] = WeakKeyDictionary()


def waker_of(engine: AsyncEngine) -> Waker:
    """The waker of everything that commits through `engine`."""
    return _WAKERS.setdefault(engine, Waker())


def wake(engine: AsyncEngine) -> None:
    waker_of(engine).wake()
