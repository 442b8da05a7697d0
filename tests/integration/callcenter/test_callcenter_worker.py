"""The worker of callcenter on a real Kafka: three services propose, one contact is granted."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from contact_parts import Centre, a_follow_up, a_plunge, a_profile, a_reminder, at_the_counter
from doorway_parts import Doorway, comes_to, record_of
from service_worker import listening, working

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
    kafka, url = doorway.parts.broker.address, centre.urls["worker"]
    log = tmp_path_factory.mktemp("callcenter") / "worker.log"
    with working("callcenter", kafka=kafka, database_url=url, log=log):
        yield centre


@pytest.fixture
async def told(doorway: Doorway) -> AsyncGenerator[AIOKafkaConsumer]:
    """What callcenter tells the others, from its topic's beginning on."""
    async with listening(doorway.parts.broker.address) as consumer:
        yield consumer


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

    await comes_to(answered, 3, seconds=60)
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

    await comes_to(last_told, wanted=True, seconds=60)
    assert names.count("contact_granted") == names.count("contact_replaced") + 1

    async def counter_task() -> str | None:
        return await running.value("SELECT state FROM task WHERE customer_id = $1", other)

    await comes_to(counter_task, "expired")
