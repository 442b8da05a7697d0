"""The few places of aiokafka 0.14 that have no public door; a contract test pins each of them."""

from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError, for_code
from aiokafka.protocol.commit import OffsetCommitRequest

Record = ConsumerRecord[bytes, bytes]

# attrgetter, because these names are aiokafka's private ones: kept here and nowhere else.
_coordinator = attrgetter("_coordinator")
_fetcher = attrgetter("_fetcher")
_pending_exception = attrgetter("_pending_exception")
_coordination_task = attrgetter("_coordination_task")
_subscription = attrgetter("_subscription")
_send_request = attrgetter("_send_req")

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
