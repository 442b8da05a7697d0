"""The few places of aiokafka 0.14 that have no public door; a contract test pins each of them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer import fetcher as client
from aiokafka.errors import NoOffsetForPartitionError, for_code
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.record.memory_records import MemoryRecords

Record = ConsumerRecord[bytes, bytes]

# attrgetter, because these names are aiokafka's private ones: kept here and nowhere else.
_coordinator = attrgetter("_coordinator")
_fetcher = attrgetter("_fetcher")
_pending_exception = attrgetter("_pending_exception")
_coordination_task = attrgetter("_coordination_task")
_subscription = attrgetter("_subscription")
_send_request = attrgetter("_send_req")
_subscriptions = attrgetter("_subscriptions")
_fetched = attrgetter("_records")
_partition_records = attrgetter("_partition_records")
_update_position = attrgetter("_update_position")
_create_fetch_waiter = attrgetter("_create_fetch_waiter")
_notify = attrgetter("_notify")
_wait_consume_future = attrgetter("_wait_consume_future")

NO_ERROR = 0


def generation(consumer: AIOKafkaConsumer) -> int:
    """The consumer group's generation this member belongs to."""
    return int(_coordinator(consumer).generation)


def parked_error(consumer: AIOKafkaConsumer) -> str | None:
    """An error that ended coordination and waits until somebody asks; None when all is well."""
    coordinator = _coordinator(consumer)
    # Before the subscription there is a stand-in without a coordination task.
    pending = getattr(coordinator, "_pending_exception", None)
    if pending is not None:
        return repr(_pending_exception(coordinator))
    if not hasattr(coordinator, "_coordination_task"):
        return None
    task = _coordination_task(coordinator)
    return "the coordination task has ended" if task is not None and task.done() else None


async def pop_records(
    consumer: AIOKafkaConsumer,
    partitions: set[TopicPartition],
    *,
    timeout: float,  # noqa: ASYNC109 - the fetcher's own long poll, not a cancellation.
    records_max: int,
) -> dict[TopicPartition, list[Record]]:
    """What the fetcher holds of `partitions`, which must not be empty: empty would mean all.

    Raises:
        aiokafka.errors.KafkaError: a parked coordination error, an offset outside the log.
    """
    _coordinator(consumer).check_errors()
    try:
        popped = await _fetcher(consumer).fetched_records(
            partitions, timeout=timeout, max_records=records_max
        )
    except NoOffsetForPartitionError:
        # aiokafka looks for a committed offset before our seek arrives; asking clears it.
        return {}
    return cast("dict[TopicPartition, list[Record]]", popped)


class _KeptRecords:
    """The client's reader of fetched batches, which does not give back the bytes that it got."""

    def __init__(self, raw: bytes) -> None:
        reader = MemoryRecords(raw)
        self.raw: bytes | None = raw
        self.has_next = reader.has_next
        self.next_batch = reader.next_batch
        self.size_in_bytes = reader.size_in_bytes


def keep_fetched_bytes(consumer: AIOKafkaConsumer, *, bytes_max: int) -> None:
    """From now on `fetched_bytes` answers, and one answer of the broker has a limit."""
    client.MemoryRecords = _KeptRecords
    _fetcher(consumer)._fetch_max_bytes = bytes_max  # noqa: SLF001 - Faust has no setting for it.


async def wait_fetched(
    consumer: AIOKafkaConsumer,
    partitions: set[TopicPartition],
    *,
    timeout: float,  # noqa: ASYNC109 - the fetcher's own long poll, not a cancellation.
) -> None:
    """Until the fetcher holds something of `partitions`, or something else came.

    Raises:
        aiokafka.errors.KafkaError: a parked coordination error.
    """
    _coordinator(consumer).check_errors()
    fetcher = _fetcher(consumer)
    if not partitions & _fetched(fetcher).keys():
        waiter = _create_fetch_waiter(fetcher)()
        await asyncio.wait([waiter], timeout=timeout)
        if waiter.done():
            waiter.result()
        waiter.cancel()


def fetched_bytes(consumer: AIOKafkaConsumer, tp: TopicPartition) -> tuple[bytes, int] | None:
    """The batches that the fetcher holds of a partition, and from which offset on they count.

    None if it holds none, or some that it has begun to read, or an error.
    """
    fetcher = _fetcher(consumer)
    found = _fetched(fetcher).get(tp)
    if not isinstance(found, client.FetchResult):
        return None
    if _subscriptions(fetcher).reassignment_in_progress or not found.check_assignment(tp):
        return None
    records = _partition_records(found)
    kept = _fetched(records)
    if not isinstance(kept, _KeptRecords) or kept.raw is None:
        return None
    return kept.raw, int(records.next_fetch_offset)


def leave_to_client(consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
    """What `fetched_bytes` answered is popped record by record."""
    _fetched(_partition_records(_fetched(_fetcher(consumer))[tp])).raw = None


def consumed(consumer: AIOKafkaConsumer, tp: TopicPartition, next_offset: int) -> None:
    """What `fetched_bytes` answered was taken; the fetcher may go on from `next_offset`."""
    fetcher = _fetcher(consumer)
    found = _fetched(fetcher).pop(tp)
    records = _partition_records(found)
    records.next_fetch_offset = next_offset
    _update_position(found)()
    # Its iterator and it hold each other, and with them megabytes until a collection.
    records._records = records._records_iterator = None  # noqa: SLF001 - see above.
    _notify(fetcher)(_wait_consume_future(fetcher))


async def commit_hint(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
    """Commit offsets in the group, and let a refusal be nothing but a refusal.

    The client's own `commit` answers a refused generation by leaving and joining anew. A commit
    that meets a rebalance then begins the next one, and with a commit every two seconds a group
    rebalances for a minute before it consumes again (seen after the kill of a worker).

    Raises:
        aiokafka.errors.KafkaError: the coordinator is away, or refused.
    """
    coordinator = _coordinator(consumer)
    topics: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for tp, offset in offsets.items():
        topics[tp.topic].append((tp.partition, offset, ""))
    request = OffsetCommitRequest(
        coordinator.group_id,
        coordinator.generation,
        coordinator.member_id,
        OffsetCommitRequest.DEFAULT_RETENTION_TIME,
        list(topics.items()),
    )
    response = await _send_request(coordinator)(request)
    codes = {code for _, partitions in response.topics for _, code in partitions}
    for code in codes - {NO_ERROR}:
        raise for_code(code)


def position(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int | None:
    """Where the client stands, without waiting; None while it does not know."""
    state = _state(consumer, tp)
    return int(state.position) if state is not None and state.has_valid_position else None


def log_end(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int | None:
    """Where the log ended as of the last fetch; None before there was one."""
    state = _state(consumer, tp)
    return int(state.highwater) if state is not None and state.highwater is not None else None


def _state(consumer: AIOKafkaConsumer, tp: TopicPartition) -> Any:  # noqa: ANN401 - aiokafka's.
    subscription = _subscription(consumer).subscription
    assignment = subscription.assignment if subscription is not None else None
    if assignment is None or tp not in assignment.tps:
        return None
    return assignment.state_value(tp)
