"""What the tests of the usage log hold in their hands: a real alerts worker, and what it reads."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from alerts_parts import Alerts
from doorway_parts import Doorway, Record, comes_to
from kafka import TopicPartition
from kafka.admin import MemberToRemove, OffsetSpec

from holdfast import topics
from holdfast.chaos.parts import Worker
from holdfast.stack.ports import free_ports
from services.alerts.domain import control
from shared.events import arrow, envelope
from shared.events.catalogue import USAGE, route_of, topics_read_by
from shared.events.event import CustomerEvent, Event, EventId
from shared.events.partition import partition_of
from shared.events.usage import UsageBaseline, UsageControl, UsageRecorded
from shared.kafka_topics import topic_ids
from shared.tracing import trace_of

MODULE = "services.alerts.worker"
GROUP = "holdfast-alerts"
TOPICS = sorted(topic.name for topic in topics_read_by("alerts"))
NOW = datetime.now(UTC) - timedelta(hours=2)
CLAIM = """
    INSERT INTO position (topic, partition, next_offset, epoch, owner, topic_id, claimed_at)
    SELECT t, p, o, 1, 'test', i, now()
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[]) AS ends (t, p, o, i)
"""


def call(
    customer: int, minutes: int, *, direction: str = "forwarded", ago: int = 0
) -> dict[str, Any]:
    """A call to the customer's number, `ago` minutes before now."""
    return {
        "customer_id": customer,
        "county": "990101",
        "at": NOW - timedelta(minutes=ago),
        "record_id": f"R-{uuid4()}",
        "kind": "voice",
        "direction": direction,
        "seconds": minutes * 60,
        "kilobytes": 0,
        "fen": 0,
        "peer": None,
        "forwarded_to": None,
        "at_home": True,
    }


def columns(rows: Sequence[dict[str, Any]], partition: int, *, batch: UUID | None = None) -> Record:
    identifier = batch or uuid4()
    headers, value = arrow.encode_rows(
        UsageRecorded, rows, batch_id=identifier, trace=trace_of(None, str(identifier))
    )
    headers["ce_source"] = "/mediation"
    return Record(USAGE.name, partition, None, headers, value)


def single(row: dict[str, Any], *, sequence: int = 0) -> Record:
    identity = {
        "event_id": EventId(uuid4()),
        "subject": f"customer/{row['customer_id']}",
        "sequence": sequence,
    }
    return fact(UsageRecorded.model_validate(row | identity))


def baseline(customer: int, *, silent: timedelta = timedelta(hours=1)) -> UsageBaseline:
    return UsageBaseline(
        event_id=EventId(uuid4()),
        subject=f"customer/{customer}",
        at=NOW - timedelta(days=4),
        customer_id=customer,
        county="990101",
        bills_fen=(10_000,) * 12,
        daily_seconds=(600,) * 28,
        mean_gap_seconds=3_600,
        last_seen=NOW - timedelta(days=4) - silent,
    )


def fact(event: CustomerEvent) -> Record:
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    topic = route_of(event.event_type).topic.name
    return Record(topic, partition_of(event.customer_id), event.key, headers, value)


def told(event: Event, partition: int) -> Record:
    """A heartbeat or a control message, whose partition is named."""
    headers, value = envelope.encode(event, trace_of(None, str(event.event_id)))
    return Record(USAGE.name, partition, None, headers, value)


def registered(partition: int, *, number: int = 1) -> UsageControl:
    return control.act_of(
        control.SOURCE_REGISTERED,
        {"source": "mediation"},
        partition=partition,
        number=number,
        at=NOW,
        cause="test",
    )


@dataclass
class UsageWorker:
    """One alerts worker at a time on the module's database; its rows lie under `folder`."""

    doorway: Doorway
    alerts: Alerts
    folder: Path
    workers: list[Worker] = field(default_factory=list[Worker])

    async def place_at_log_ends(self) -> None:
        """What other tests left in the logs is theirs."""
        kafka = self.doorway.parts.broker.address
        sizes = {topic.name: topic.partitions for topic in topics_read_by("alerts")}
        places = [TopicPartition(name, n) for name, size in sizes.items() for n in range(size)]
        with topics.cluster(kafka) as client:
            ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        ids = await asyncio.to_thread(topic_ids, kafka, TOPICS)
        async with self.alerts.connected() as connection:
            await connection.execute(
                CLAIM,
                [place.topic for place in ends],
                [place.partition for place in ends],
                [end.offset for end in ends.values()],
                [ids[place.topic] for place in ends],
            )

    async def start(self) -> Worker:
        worker = self._spawned()
        self.workers.append(worker)

        async def ready() -> bool:
            assert worker.alive(), worker.last_words()
            return await self.doorway.ready(worker)

        await comes_to(ready, wanted=True, seconds=60)
        return worker

    def _spawned(self) -> Worker:
        (health_port,) = free_ports(1)
        log = self.folder / f"worker-{len(self.workers)}.log"
        environment = os.environ | {
            "HOLDFAST_KAFKA": self.doorway.parts.broker.address,
            "HOLDFAST_ALERTS_WORKER_DATABASE_URL": self.alerts.urls["worker"],
            "HOLDFAST_CHECKPOINTS": (self.folder / "checkpoints").as_uri(),
            "HOLDFAST_HEALTH_PORT": str(health_port),
        }
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        return Worker(len(self.workers), MODULE, process, log, health_port)

    def forget_the_dead(self) -> None:
        """Take a member that was killed out of the group; else the next waits out its session."""
        with topics.cluster(self.doorway.parts.broker.address) as client:
            members = client.describe_groups([GROUP])[GROUP]["members"]
            dead = [MemberToRemove(member_id=member["member_id"]) for member in members]
            if dead:
                client.remove_group_members(GROUP, dead)

    def stop(self) -> None:
        for worker in self.workers:
            if worker.alive():
                worker.stop()

    async def rules_of(self, customer: int) -> list[str]:
        rows = await self.alerts.rows(
            "SELECT rule FROM hit WHERE customer_id = $1 ORDER BY at, rule", customer
        )
        return [rule for (rule,) in rows]

    async def comes_to_rules(self, customer: int, rules: list[str]) -> None:
        async def found() -> list[str]:
            assert self.workers[-1].alive(), self.workers[-1].last_words()
            return await self.rules_of(customer)

        await comes_to(found, rules)
