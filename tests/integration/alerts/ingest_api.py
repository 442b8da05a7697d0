"""Mediation's side of the tests: batches over HTTP, and what the usage log then holds."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pyarrow as pa
from aiokafka import AIOKafkaConsumer, TopicPartition
from alerts_parts import HASHER, Alerts
from fastapi import FastAPI
from pyarrow import ipc
from service_database import doorway, serving

from holdfast.tokens import Issuer, mint
from services.alerts import api
from services.alerts.api.ingest import BODY_BYTES_MAX
from services.alerts.domain.upload import COLUMNS
from services.alerts.handlers.ingest_door import ingest_door
from services.alerts.settings import SCHEMA
from shared.events import arrow
from shared.events.catalogue import USAGE
from shared.events.usage import UsageHeartbeat, UsageRecorded
from shared.identity import Caller, Role
from shared.web.app import create_app

_PLACES = [TopicPartition(USAGE.name, number) for number in range(USAGE.partitions)]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


def a_call(number: str, **differs: object) -> dict[str, Any]:
    """A record as mediation writes it in JSON."""
    fields: dict[str, Any] = {
        "record_id": f"R{secrets.token_hex(6)}",
        "number": number,
        "at": now().isoformat(),
        "kind": "voice",
        "direction": "out",
        "seconds": 60,
        "kilobytes": 0,
        "fen": 12,
        "at_home": True,
    }
    return fields | differs


def as_arrow(calls: Sequence[Mapping[str, Any]], compression: str | None = None) -> bytes:
    cells = {
        name: [
            datetime.fromisoformat(call[name]) if name == "at" else call.get(name) for call in calls
        ]
        for name in COLUMNS.names
    }
    sink = pa.BufferOutputStream()
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_stream(sink, COLUMNS, options=options) as writer:
        writer.write_table(pa.Table.from_pydict(cells, schema=COLUMNS))
    return sink.getvalue().to_pybytes()


@dataclass(frozen=True)
class Mediation:
    """A client with mediation's token."""

    web: httpx2.AsyncClient
    issuer: Issuer
    source: str

    def headers(self, role: Role = Role.MEDIATION, *, key: str = "") -> dict[str, str]:
        caller = Caller("mediation", "mediation", frozenset({role}), "99")
        return {
            "Authorization": f"Bearer {mint(self.issuer, caller)}",
            "Idempotency-Key": key or secrets.token_hex(8),
        }

    async def upload(
        self, *calls: Mapping[str, Any], batch: str, source: str = ""
    ) -> httpx2.Response:
        body = {"source": source or self.source, "batch_id": batch, "records": list(calls)}
        return await self.web.post("/v1/usage", json=body, headers=self.headers())

    async def upload_arrow(self, body: bytes, *, batch: str) -> httpx2.Response:
        headers = {
            **self.headers(),
            "Content-Type": arrow.ARROW,
            "Holdfast-Source": self.source,
            "Holdfast-Batch": batch,
        }
        return await self.web.post("/v1/usage", content=body, headers=headers)

    async def heartbeat(self, at: datetime, *, source: str = "") -> httpx2.Response:
        body = {"source": source or self.source, "at": at.isoformat()}
        return await self.web.post("/v1/usage/heartbeats", json=body, headers=self.headers())

    async def register(self, source: str, *, key: str = "") -> httpx2.Response:
        return await self.web.post(
            "/v1/sources", json={"source": source}, headers=self.headers(key=key)
        )


@dataclass(frozen=True)
class LogReader:
    """What was appended to usage.v1 since the reader was made."""

    consumer: AIOKafkaConsumer
    seen: list[tuple[int, dict[str, str], bytes]] = field(
        default_factory=list[tuple[int, dict[str, str], bytes]]
    )

    async def look(self) -> None:
        """Read up to the ends as they stand now: what was acknowledged before is below them."""
        ends = await self.consumer.end_offsets(_PLACES)
        while [p for p in _PLACES if await self.consumer.position(p) < ends[p]]:
            for place, records in (await self.consumer.getmany(timeout_ms=100)).items():
                for record in records:
                    headers = {name: value.decode() for name, value in record.headers}
                    self.seen.append((place.partition, headers, record.value or b""))

    async def calls(self) -> list[dict[str, Any]]:
        """Every row of usage, with the partition and the message's id beside it."""
        await self.look()
        return [
            {**row, "partition": partition, "message": headers["ce_id"]}
            for partition, headers, value in self.seen
            if headers["ce_type"] == UsageRecorded.event_type
            for row in arrow.read_table(UsageRecorded, value).to_pylist()
        ]

    async def heartbeats(self) -> list[tuple[int, str]]:
        await self.look()
        return [
            (partition, headers["ce_time"])
            for partition, headers, _ in self.seen
            if headers["ce_type"] == UsageHeartbeat.event_type
        ]


@asynccontextmanager
async def reading(kafka: str) -> AsyncGenerator[LogReader]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        consumer.assign(_PLACES)
        for place, end in (await consumer.end_offsets(_PLACES)).items():
            consumer.seek(place, end)
        yield LogReader(consumer)
    finally:
        await consumer.stop()


def alerts_app(alerts: Alerts, issuer: Issuer, kafka: str) -> FastAPI:
    way_in = doorway(SCHEMA, alerts.urls["web"], issuer)
    door = ingest_door(way_in.engine, kafka=kafka, hasher=HASHER)
    app = create_app(
        way_in,
        title="alerts",
        routers=[api.router],
        body_bytes_max=BODY_BYTES_MAX,
        beside=door.open,
    )
    app.state.ingest = door
    return app


@asynccontextmanager
async def mediation_of(
    alerts: Alerts, issuer: Issuer, kafka: str, *, source: str
) -> AsyncGenerator[Mediation]:
    """The API on a database and a broker; the source is not registered by this."""
    async with serving(alerts_app(alerts, issuer, kafka)) as web:
        yield Mediation(web, issuer, source)
