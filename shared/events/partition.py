"""Which partition is a customer's: Kafka's own partitioner over the decimal id (contracts §4)."""

from aiokafka.partitioner import murmur2

from shared.events.catalogue import CUSTOMER_PARTITIONS


def partition_of(customer_id: int, partitions: int = CUSTOMER_PARTITIONS) -> int:
    """(murmur2(ASCII decimal id) & 0x7fffffff) mod `partitions`; never changed in place."""
    return (murmur2(str(customer_id).encode()) & 0x7FFFFFFF) % partitions
