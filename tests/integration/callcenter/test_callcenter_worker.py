"""The worker of callcenter on a real Kafka: three services propose, one contact is granted."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from contact_parts import Centre, a_follow_up, a_plunge, a_profile, a_reminder, at_the_counter
from doorway_parts import Doorway, comes_to, record_of

from holdfast.stack.ports import free_ports
from shared.events.catalogue import CALLCENTER
from shared.events.partition import partition_of

NOW = datetime.now(UTC) - timedelta(minutes=1)
LONG_AGO = NOW - timedelta(hours=25)
"""A counter's task is worth a day: its time is over."""


@pytest.fixture(scope="module")
async def running(
    centre: Centre, doorway: Doorway, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Centre]:
    """A worker, whose business time is machine time; its stop must be clean."""
    async with centre.connected("superuser") as connection:
        await connection.execute(
            "UPDATE holdfast.clock_segment SET business_from = wall_from, rate = 1"
        )
    log = tmp_path_factory.mktemp("callcenter") / "worker.log"
    for process in started(centre, doorway, log):
        yield centre
        process.terminate()
        assert process.wait(20) == 0, log.read_text()[-2000:]


def started(centre: Centre, doorway: Doorway, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "HOLDFAST_KAFKA": doorway.parts.broker.address,
        "HOLDFAST_CALLCENTER_WORKER_DATABASE_URL": centre.urls["worker"],
        "HOLDFAST_HEALTH_PORT": str(free_ports(1)[0]),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.callcenter.worker"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


@pytest.fixture
async def told(doorway: Doorway) -> AsyncGenerator[AIOKafkaConsumer]:
    """What callcenter tells the others, from its topic's beginning on."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=doorway.parts.broker.address, auto_offset_reset="earliest"
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


@pytest.mark.requirement("CC-26")
async def test_proposals_of_three_topics_become_one_contact_and_the_topic_says_so(
    running: Centre, doorway: Doorway, told: AIOKafkaConsumer, customer: int
) -> None:
    common = {"at": NOW, "valid_until": NOW + timedelta(days=20)}
    facts = [
        a_profile(customer, at=NOW, status_at=NOW, consent_at=NOW),
        a_reminder(customer, **common),
        a_follow_up(customer, **common),
        a_plunge(customer, **common),
    ]
    other = customer ^ 1
    counter = at_the_counter(other, at=LONG_AGO)

    await doorway.send(*map(record_of, [*facts, *facts, counter]))

    async def granted() -> str | None:
        return (await running.answers(customer)).get("alerts")

    await comes_to(granted, "granted/open", seconds=60)

    async def answered() -> int:
        return len([a for a in (await running.answers(customer)).values() if a != "waiting"])

    await comes_to(answered, 3)
    told.assign([TopicPartition(CALLCENTER.name, partition_of(customer))])
    names: list[str] = []

    async def last_told() -> bool:
        for records in (await told.getmany(timeout_ms=200)).values():
            names.extend(
                dict(record.headers)["ce_type"].decode().split(".")[1]
                for record in records
                if record.key == str(customer).encode()
            )
        return names.count("contact_granted") > names.count("contact_replaced")

    await comes_to(last_told, wanted=True)
    assert names.count("contact_granted") == names.count("contact_replaced") + 1

    async def counter_task() -> str | None:
        return await running.value("SELECT state FROM task WHERE customer_id = $1", other)

    await comes_to(counter_task, "expired")
