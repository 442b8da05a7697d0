"""docs/event-flow.md: who publishes and who reads which topic, as a picture and a table."""

from datetime import timedelta

from holdfast.contracts import ROOT
from holdfast.draw.blocks import with_block
from shared.events.catalogue import ROUTES, SERVICES, TOPICS, Topic, publisher_of

DOCUMENT = "docs/event-flow.md"
BLOCK = "event-flow"
FRONT_PAGE = "README.md"
PICTURE = "event-flow-picture"


def drawn() -> dict[str, str]:
    """The document with its block drawn anew, and the picture alone on the front page."""
    body = f"{_picture()}\n\n{_topic_table()}\n\n{_type_table()}"
    return {
        DOCUMENT: with_block((ROOT / DOCUMENT).read_text(), BLOCK, body),
        FRONT_PAGE: with_block((ROOT / FRONT_PAGE).read_text(), PICTURE, _picture()),
    }


def _picture() -> str:
    outsiders = sorted({name for topic in TOPICS for name in topic.publishers} - set(SERVICES))
    lines = [
        "```mermaid",
        "flowchart LR",
        *(f"  {name}([{name}])" for name in outsiders),
        *(f"  {name}[{name}]" for name in SERVICES),
        *(f"  {_node(topic)}[({topic.name})]" for topic in TOPICS),
    ]
    for topic in TOPICS:
        lines += [f"  {publisher} --> {_node(topic)}" for publisher in topic.publishers]
        lines += [f"  {_node(topic)} --> {reader}" for reader in _readers(topic)]
    return "\n".join([*lines, "```"])


def _node(topic: Topic) -> str:
    return f"topic_{topic.name.split('.')[1]}"


def _readers(topic: Topic) -> list[str]:
    read = {reader for route in ROUTES if route.topic is topic for reader in route.readers}
    return [service for service in SERVICES if service in read]


def _topic_table() -> str:
    rows = [
        f"| `{topic.name}` | {', '.join(topic.publishers)} | {_names(_readers(topic))} "
        f"| {topic.partitions} | {_kept(topic.retention)} |"
        for topic in TOPICS
    ]
    head = [
        "| topic | published by | read by | partitions | kept |",
        "|---|---|---|---:|---|",
    ]
    return "\n".join([*head, *rows])


def _type_table() -> str:
    rows = [
        f"| `{route.event_type}` | {publisher_of(route.event_type)} | {_names(route.readers)} "
        f"| {'any' if route.commuting else 'kept'} |"
        for route in ROUTES
    ]
    head = [
        "| event type | source | read by | order within a customer |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def _names(readers: list[str] | tuple[str, ...]) -> str:
    return ", ".join(readers) or "nobody yet"


def _kept(retention: timedelta | None) -> str:
    return "newest of each key" if retention is None else f"{retention.days} days"
