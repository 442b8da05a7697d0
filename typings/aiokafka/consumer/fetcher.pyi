"""What Holdfast asks of the client's fetcher (shared/consumer_internals.py)."""

from typing import Any

from aiokafka import TopicPartition

MemoryRecords: Any

class FetchResult:
    def check_assignment(self, tp: TopicPartition) -> bool: ...
