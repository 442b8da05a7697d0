"""Which partition is a customer's: Kafka's own partitioner over the decimal id (contracts §4)."""

from struct import iter_unpack

from shared.events.catalogue import CUSTOMER_PARTITIONS

_SEED, _MIX = 0x9747B28C, 0x5BD1E995
_32_BITS = 0xFFFFFFFF


def partition_of(customer_id: int, partitions: int = CUSTOMER_PARTITIONS) -> int:
    """(murmur2(ASCII decimal id) & 0x7fffffff) mod `partitions`; never changed in place."""
    return partition_of_key(str(customer_id), partitions)


def partition_of_key(key: str, partitions: int) -> int:
    """Where Kafka's clients put a record of this key."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Kafka's hash, word by word: the client's own goes byte by byte, and every fact needs it."""
    whole = len(data) // 4 * 4
    mixed = _SEED ^ len(data)
    for (word,) in iter_unpack("<I", data[:whole]):
        spread = word * _MIX & _32_BITS
        mixed = (mixed * _MIX & _32_BITS) ^ ((spread ^ spread >> 24) * _MIX & _32_BITS)
    if rest := data[whole:]:
        mixed = (mixed ^ int.from_bytes(rest, "little")) * _MIX & _32_BITS
    mixed = (mixed ^ mixed >> 13) * _MIX & _32_BITS
    return mixed ^ mixed >> 15
