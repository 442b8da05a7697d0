from collections.abc import Sequence
from typing import NamedTuple

class TopicPartition(NamedTuple):
    topic: str
    partition: int

class OffsetAndTimestamp(NamedTuple):
    offset: int
    timestamp: int
    leader_epoch: int | None

class _Sent:
    def get(self, timeout: float | None = None) -> object: ...

class KafkaProducer:
    def __init__(self, *, bootstrap_servers: Sequence[str]) -> None: ...
    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> _Sent: ...
    def close(self) -> None: ...
