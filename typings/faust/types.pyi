from typing import Any

from aiokafka import TopicPartition as TP

__all__ = ["TP", "ConsumerMessage"]

class ConsumerMessage:
    offset: int
    value: Any
    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        timestamp: float,
        timestamp_type: int,
        headers: list[tuple[str, bytes]],
        key: bytes | None,
        value: Any,
        checksum: bytes | None,
        *,
        tp: TP,
        generation_id: int,
    ) -> None: ...
