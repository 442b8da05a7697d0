"""A customer's partition is a promise: ours, aiokafka's and Kafka's own are the same."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.events.catalogue import CUSTOMER_PARTITIONS
from shared.events.partition import murmur2, partition_of
from tests.unit.events.facts import customer_ids


@given(customer_ids, st.integers(1, 64))
def test_the_partition_is_the_one_a_keyed_producer_chooses(customer: int, count: int) -> None:
    all_partitions = list(range(count))

    chosen = DefaultPartitioner()(str(customer).encode(), all_partitions, all_partitions)

    assert partition_of(customer, count) == chosen


# The figures of UtilsTest.testMurmur2 in Apache Kafka's clients.
@pytest.mark.parametrize(
    ("key", "published"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_the_one_that_apache_kafka_publishes(key: bytes, published: int) -> None:
    assert murmur2(key) == published & 0xFFFFFFFF


def test_a_customer_lies_where_kafkas_own_published_hash_says() -> None:
    kafkas_hash_of_21 = -973932308

    assert partition_of(21) == (kafkas_hash_of_21 & 0x7FFFFFFF) % CUSTOMER_PARTITIONS


@pytest.mark.parametrize(
    ("customer", "partition"),
    [(1, 15), (2, 8), (4_000_000_000_000_000_001, 21), (2**63 - 1, 29)],
)
def test_the_partition_of_a_customer_never_changes(customer: int, partition: int) -> None:
    assert partition_of(customer) == partition
