"""What only Kafka knows of a topic: its id, by which a topic made anew is told from the old."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from kafka.admin import KafkaAdminClient

REQUEST_TIMEOUT_MS = 5_000


def topic_ids(kafka: str, topics: Iterable[str]) -> dict[str, UUID]:
    """The ids of `topics` (blocking; call it in a thread). A missing topic is not in the answer.

    Raises:
        kafka.errors.KafkaError: no broker answered in time.
    """
    client = KafkaAdminClient(
        bootstrap_servers=kafka.split(","),
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        client_id="holdfast-topic-ids",
    )
    try:
        described: list[dict[str, Any]] = client.describe_topics(sorted(set(topics)))
        return {t["name"]: UUID(str(t["topic_id"])) for t in described if not t["error_code"]}
    finally:
        client.close()
