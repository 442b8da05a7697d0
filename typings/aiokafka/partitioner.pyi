class DefaultPartitioner:
    def __call__(
        self, key: bytes | None, all_partitions: list[int], available: list[int]
    ) -> int: ...
