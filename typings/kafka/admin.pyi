from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from kafka import OffsetAndTimestamp, TopicPartition

class OffsetSpec(IntEnum):
    EARLIEST = -2
    LATEST = -1

class ConfigResource:
    def __init__(
        self,
        resource_type: str,
        name: str,
        configs: Mapping[str, str] | Sequence[str] | None = None,
    ) -> None: ...

class NewTopic:
    def __init__(
        self,
        name: str,
        num_partitions: int = -1,
        replication_factor: int = -1,
        *,
        topic_configs: Mapping[str, str] | None = None,
    ) -> None: ...

class KafkaAdminClient:
    def __init__(
        self,
        *,
        bootstrap_servers: Sequence[str],
        client_id: str = ...,
        request_timeout_ms: int = ...,
        bootstrap_timeout_ms: int = ...,
    ) -> None: ...
    def close(self) -> None: ...
    def list_topics(self) -> list[str]: ...
    def describe_topics(self, topics: Sequence[str] | None = None) -> list[dict[str, Any]]: ...
    def describe_configs(
        self, config_resources: Sequence[ConfigResource], *, config_filter: str = ...
    ) -> dict[str, dict[str, dict[str, Any]]]: ...
    def alter_configs(self, config_resources: Sequence[ConfigResource]) -> dict[str, Any]: ...
    def create_topics(
        self,
        new_topics: Mapping[str, Mapping[str, Any]] | Sequence[NewTopic],
        *,
        raise_errors: bool = True,
        wait_for_metadata: bool = False,
    ) -> dict[str, Any]: ...
    def delete_topics(self, topics: Sequence[str]) -> dict[str, Any]: ...
    def create_partitions(self, topic_partitions: Mapping[str, int]) -> object: ...
    def wait_for_topics(self, topic_names: Sequence[str], timeout_ms: int = 10_000) -> None: ...
    def list_partition_offsets(
        self, topic_partition_specs: Mapping[TopicPartition, OffsetSpec]
    ) -> dict[TopicPartition, OffsetAndTimestamp]: ...
    def describe_groups(self, group_ids: Sequence[str]) -> dict[str, dict[str, Any]]: ...
    def remove_group_members(
        self, group_id: str, members: Sequence[MemberToRemove]
    ) -> dict[MemberToRemove, Any]: ...

class MemberToRemove:
    def __init__(self, *, member_id: str) -> None: ...
