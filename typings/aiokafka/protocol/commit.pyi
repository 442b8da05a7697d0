from collections.abc import Sequence

class OffsetCommitRequest:
    DEFAULT_RETENTION_TIME: int
    def __init__(
        self,
        consumer_group: str,
        consumer_group_generation_id: int,
        consumer_id: str,
        retention_time: int,
        topics: Sequence[tuple[str, Sequence[tuple[int, int, str]]]],
    ) -> None: ...
