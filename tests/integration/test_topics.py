"""Topics on a real broker: created once, compared with the catalogue, mended by what is said."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import ConfigResource, KafkaAdminClient
from typer.testing import CliRunner, Result

from holdfast import topics
from holdfast.chaos.parts import one_broker
from holdfast.commands.topics import app
from holdfast.stack import kafka as stack_kafka
from holdfast.stack.ports import free_ports
from holdfast.stack.process import wait_until
from shared.events.catalogue import DEADLETTERS, POINTS, TOPICS, USAGE

NAMES = [topic.name for topic in TOPICS]


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("kafka")
    port, controller = free_ports(2)
    broker = one_broker(folder, (port, controller))
    process = broker.start()
    try:
        stack_kafka.wait_ready([(broker, process)])
        yield broker.address
    finally:
        process.stop()


@pytest.fixture
def client(kafka: str) -> Iterator[KafkaAdminClient]:
    """A cluster whose topics are as the catalogue has them."""
    with topics.cluster(kafka) as client:
        topics.create_missing(client)
        yield client


@pytest.fixture
def empty(client: KafkaAdminClient) -> KafkaAdminClient:
    topics.delete(client, NAMES)
    return client


def run(line: str) -> Result:
    return CliRunner().invoke(app, shlex.split(line))


def differs(client: KafkaAdminClient, kafka: str, *wanted: str) -> bool:
    """Whether these differences are shown, and no others, as soon as the broker has caught up."""

    def found() -> list[str]:
        seen = topics.differences(topics.read(client), kafka=kafka)
        return [f"{difference.topic} {difference.what}" for difference in seen]

    return wait_until(lambda: found() == list(wanted), seconds=10)


def mend(client: KafkaAdminClient, kafka: str, extra: str = "") -> Result:
    """Type what the first difference says."""
    remedy = topics.differences(topics.read(client), kafka=kafka)[0].remedy
    return run(f"{remedy.removeprefix('holdfast topics ')} {extra}")


def test_topics_are_created_once_with_partitions_and_settings_of_the_catalogue(
    empty: KafkaAdminClient, kafka: str
) -> None:
    assert topics.create_missing(empty) == NAMES
    assert topics.create_missing(empty) == []

    found = topics.read(empty)
    assert topics.differences(found, kafka=kafka) == []
    assert {name: one.partitions for name, one in found.items()} == {
        topic.name: topic.partitions for topic in TOPICS
    }
    assert {one.settings["message.timestamp.type"] for one in found.values()} == {"LogAppendTime"}
    assert found["holdfast.customers.v1"].settings["cleanup.policy"] == "compact"
    assert found[USAGE.name].settings["retention.ms"] == str(7 * 24 * 3600 * 1000)


def test_a_missing_topic_is_named_and_created_by_what_the_difference_says(
    client: KafkaAdminClient, kafka: str
) -> None:
    topics.delete(client, [POINTS.name])

    assert differs(client, kafka, f"{POINTS.name} is missing")
    assert mend(client, kafka).exit_code == 0
    assert differs(client, kafka)


def test_another_setting_is_named_and_mended_by_what_the_difference_says(
    client: KafkaAdminClient, kafka: str
) -> None:
    changed = {"retention.ms": "60000", "message.timestamp.type": "CreateTime"}
    client.alter_configs([ConfigResource("TOPIC", POINTS.name, changed)])

    assert differs(
        client,
        kafka,
        f"{POINTS.name} has message.timestamp.type=CreateTime instead of LogAppendTime",
        f"{POINTS.name} has retention.ms=60000 instead of 2592000000",
    )
    assert run(f"create --kafka {kafka}").stdout == "every topic was there\n"
    assert mend(client, kafka).stdout == f"settings  {POINTS.name}\n"
    assert differs(client, kafka)


def test_a_wrong_number_of_partitions_is_mended_by_making_the_empty_topic_anew(
    client: KafkaAdminClient, kafka: str
) -> None:
    client.create_partitions({DEADLETTERS.name: 5})

    assert differs(client, kafka, f"{DEADLETTERS.name} has 5 partitions instead of 4")
    assert mend(client, kafka).exit_code == 0
    assert differs(client, kafka)


def test_a_topic_that_holds_records_is_made_anew_only_when_told_to_discard_them(
    client: KafkaAdminClient, kafka: str
) -> None:
    with_record(kafka, DEADLETTERS.name)
    client.create_partitions({DEADLETTERS.name: 5})

    refused = mend(client, kafka)
    assert refused.exit_code == 1
    assert "holds 1 records" in refused.stderr
    assert "--discard-records" in refused.stderr

    assert mend(client, kafka, "--discard-records").exit_code == 0
    assert differs(client, kafka)


def with_record(kafka: str, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=[kafka])
    try:
        producer.send(topic, b"{}", partition=0).get(timeout=10)
    finally:
        producer.close()


def test_differences_are_listed_for_people_and_as_json_and_end_with_one(
    client: KafkaAdminClient, kafka: str
) -> None:
    assert run(f"diff --kafka {kafka}").stdout == "every topic is as the catalogue has it\n"
    topics.delete(client, [POINTS.name])

    people, machines = run(f"diff --kafka {kafka}"), run(f"diff --kafka {kafka} --json")

    assert (people.exit_code, machines.exit_code) == (1, 1)
    remedy = f"holdfast topics create --kafka {kafka}"
    assert people.stdout == f"{POINTS.name} is missing\n  mend it: {remedy}\n"
    assert json.loads(machines.stdout) == [
        {"topic": POINTS.name, "what": "is missing", "remedy": remedy}
    ]


def test_more_copies_than_brokers_are_refused_with_the_brokers_reason(
    empty: KafkaAdminClient, kafka: str
) -> None:
    assert empty is not None

    refused = run(f"create --kafka {kafka} --replication 3")

    assert refused.exit_code == 1
    assert "replication factor" in refused.stderr


def test_copies_are_compared_only_when_a_number_is_named(
    client: KafkaAdminClient, kafka: str
) -> None:
    found = topics.read(client)

    named = topics.differences({**found}, kafka=kafka, copies=3)

    assert topics.differences(found, kafka=kafka) == []
    assert {(d.topic, d.what) for d in named} == {
        (name, difference)
        for name in NAMES
        for difference in (
            "has 1 copies instead of 3",
            "has min.insync.replicas=1 instead of 2",
        )
    }


def test_a_topic_that_is_not_ours_is_neither_reported_nor_made_anew(
    client: KafkaAdminClient, kafka: str
) -> None:
    client.create_topics({"somebody.elses": {"num_partitions": 1}}, wait_for_metadata=True)

    assert differs(client, kafka)
    assert "not in the catalogue" in run(f"remake somebody.elses --kafka {kafka}").stderr


@pytest.mark.parametrize("address", ["127.0.0.1:{nobody}", "somewhere", "127.0.0.1:port"])
def test_a_broker_that_is_not_there_is_said_with_two_ways_on(address: str) -> None:
    (nobody,) = free_ports(1)

    refused = run(f"diff --kafka {address.format(nobody=nobody)}")

    assert refused.exit_code == 1
    assert "holdfast up" in refused.stderr
    assert "--kafka HOST:PORT" in refused.stderr
