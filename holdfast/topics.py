"""The catalogue's topics in a cluster: what is missing or different, and how it is mended."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError

from holdfast.stack.ports import answers
from holdfast.stack.process import wait_until
from holdfast.topic_settings import settings_of
from shared.events.catalogue import TOPICS, Topic

ANSWER_SECONDS = 10  # a broker that is up answers in milliseconds; one that starts needs a few
_KIND = "TOPIC"  # Kafka's name for this kind of thing that has settings
_ALREADY_EXISTS = 36
# With three copies a write survives one broker, and is still acknowledged while one is away.
_COPIES_THAT_SPARE_ONE = 3


class TopicsRefused(Exception):  # noqa: N818 - the message says what to do.
    """The cluster cannot be asked, or refused; the message says what to do."""


@dataclass(frozen=True)
class Found:
    """A topic as the cluster has it."""

    partitions: int
    copies: int
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """Where a topic is not as the catalogue has it, and what to type."""

    topic: str
    what: str
    remedy: str


def wanted_settings(topic: Topic, copies: int | None) -> dict[str, str]:
    """The settings of `topic`, in the broker's words; `copies` None leaves those to the broker."""
    settings = {name: str(value) for name, value in settings_of(topic).items()}
    if copies is not None and copies >= _COPIES_THAT_SPARE_ONE:
        settings["min.insync.replicas"] = str(copies - 1)
    return settings


def differences(
    found: Mapping[str, Found], *, kafka: str, copies: int | None = None
) -> list[Difference]:
    """What a cluster lacks or has differently. Topics that are not ours are nobody's business."""
    return [
        Difference(topic.name, what, f"holdfast topics {remedy} --kafka {kafka}")
        for topic in TOPICS
        for what, remedy in _differences(topic, found.get(topic.name), copies)
    ]


def _differences(
    topic: Topic, found: Found | None, copies: int | None
) -> Iterator[tuple[str, str]]:
    option = "" if copies is None else f" --replication {copies}"
    if found is None:
        yield "is missing", f"create{option}"
        return
    if found.partitions != topic.partitions:
        # Never changed in place: a customer's later facts would overtake the earlier ones.
        what = f"has {found.partitions} partitions instead of {topic.partitions}"
        yield what, f"remake {topic.name}{option}"
    if copies is not None and found.copies != copies:
        yield f"has {found.copies} copies instead of {copies}", f"remake {topic.name}{option}"
    for name, value in wanted_settings(topic, copies).items():
        if found.settings.get(name) != value:
            what = f"has {name}={found.settings.get(name)} instead of {value}"
            yield what, f"create --settings{option}"


@contextmanager
def cluster(kafka: str) -> Generator[KafkaAdminClient]:
    """A client for `host:port[,…]`; every refusal of the cluster leaves as `TopicsRefused`."""
    brokers = kafka.split(",")
    # The client would back off for seconds, and leave its sockets open when it gives up.
    if not any(_listens(broker) for broker in brokers):
        raise TopicsRefused(
            f"no broker answers at {kafka}: start one with `holdfast up`, "
            "or name yours with --kafka HOST:PORT"
        )
    client = KafkaAdminClient(
        bootstrap_servers=brokers,
        bootstrap_timeout_ms=ANSWER_SECONDS * 1000,
        request_timeout_ms=ANSWER_SECONDS * 1000,
        client_id="holdfast-topics",
    )
    try:
        yield client
    except KafkaError as error:
        raise TopicsRefused(f"Kafka at {kafka} refused: {error}") from error
    finally:
        client.close()


def _listens(broker: str) -> bool:
    host, _, port = broker.rpartition(":")
    return port.isdecimal() and answers(host, int(port))


def read(client: KafkaAdminClient) -> dict[str, Found]:
    """The catalogue's topics that the cluster has."""
    described: list[dict[str, Any]] = client.describe_topics([topic.name for topic in TOPICS])
    there = {t["name"]: t["partitions"] for t in described if not t["error_code"]}
    if not there:
        return {}
    resources = [ConfigResource(_KIND, name) for name in there]
    answer = client.describe_configs(resources, config_filter="All")
    settings: Mapping[str, Mapping[str, Any]] = answer["topic"]
    return {
        name: Found(
            partitions=len(partitions),
            copies=min(len(partition["replica_nodes"]) for partition in partitions),
            settings={key: one["value"] for key, one in settings[name].items()},
        )
        for name, partitions in there.items()
    }


def create_missing(client: KafkaAdminClient, copies: int | None = None) -> list[str]:
    """Create what is missing and wait until it can be written to; the names of what was created.

    Raises:
        TopicsRefused: the cluster does not want one of them, say for want of brokers.
    """
    there = read(client)
    return _create(client, [topic for topic in TOPICS if topic.name not in there], copies)


def _create(client: KafkaAdminClient, topics: Sequence[Topic], copies: int | None) -> list[str]:
    if not topics:
        return []
    wanted = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": -1 if copies is None else copies,
            "configs": wanted_settings(topic, copies),
        }
        for topic in topics
    }
    made: list[dict[str, Any]] = client.create_topics(wanted, raise_errors=False)["topics"]
    # Somebody else may be creating them at the same moment.
    refused = [one for one in made if one["error_code"] not in {0, _ALREADY_EXISTS}]
    if refused:
        why = "; ".join(f"{one['name']}: {one['error_message']}" for one in refused)
        raise TopicsRefused(f"topics could not be created: {why}")
    client.wait_for_topics(list(wanted), timeout_ms=ANSWER_SECONDS * 1000)
    return [one["name"] for one in made if not one["error_code"]]


def set_settings(client: KafkaAdminClient, copies: int | None = None) -> list[str]:
    """Give the topics that are there the catalogue's settings; the names of those that changed."""
    there = read(client)
    changes: dict[str, dict[str, str]] = {}
    for topic in TOPICS:
        if topic.name in there:
            now = there[topic.name].settings
            wanted = wanted_settings(topic, copies).items()
            changes[topic.name] = {name: value for name, value in wanted if now.get(name) != value}
    changed = {name: settings for name, settings in changes.items() if settings}
    if changed:
        client.alter_configs([ConfigResource(_KIND, *change) for change in changed.items()])
    return list(changed)


def remake(
    client: KafkaAdminClient, name: str, *, copies: int | None = None, discard: bool = False
) -> None:
    """Delete a topic and create it as the catalogue has it.

    Raises:
        TopicsRefused: it is not ours, or holds records and `discard` is not set.
    """
    topic = next((topic for topic in TOPICS if topic.name == name), None)
    if topic is None:
        raise TopicsRefused(f"{name} is not in the catalogue; its topics are in `topics diff`")
    found = read(client).get(name)
    if found is not None:
        held = _records(client, name, found.partitions)
        if held and not discard:
            raise TopicsRefused(
                f"{name} holds {held} records, which would be lost. Stop what writes to it and let "
                "every reader come to its end, then add --discard-records"
            )
        delete(client, [name])
    _create(client, [topic], copies)


def delete(client: KafkaAdminClient, names: Sequence[str]) -> None:
    """Delete topics and wait until the brokers no longer show them.

    Raises:
        TopicsRefused: one is still shown after `ANSWER_SECONDS`.
    """
    client.delete_topics(names)
    # The controller has forgotten them at once, the brokers' own picture follows.
    if not wait_until(lambda: not _shown(client, names), ANSWER_SECONDS):
        raise TopicsRefused(f"still being deleted: {', '.join(_shown(client, names))}; try again")


def _shown(client: KafkaAdminClient, names: Sequence[str]) -> list[str]:
    return [topic["name"] for topic in client.describe_topics(names) if not topic["error_code"]]


def _records(client: KafkaAdminClient, name: str, partitions: int) -> int:
    """How many offsets lie between a topic's beginning and its end."""
    places = [TopicPartition(name, number) for number in range(partitions)]
    ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    begins = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
    return sum(ends[place].offset - begins[place].offset for place in places)
