"""Customer to row: open addressing with linear probing over two plain arrays.

Customer ids are random 63-bit numbers above nought, so their own bits are the hash and nought
marks a free place.
"""

from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import Numbers


@jitted
def find_slots(keys: Numbers, slots: Numbers, customers: Numbers, found: Numbers) -> int:
    """The row of each customer into `found`, -1 where there is none; how many there were not."""
    mask = len(keys) - 1
    missing = 0
    for n in range(len(customers)):
        customer = int(customers[n])
        place = (customer ^ (customer >> 31)) & mask
        while keys[place] != customer and keys[place] != 0:
            place = (place + 1) & mask
        found[n] = slots[place] if keys[place] == customer else -1
        missing += keys[place] != customer
    return missing


@jitted
def place_customers(keys: Numbers, slots: Numbers, customers: Numbers, first: int) -> int:
    """Give the customers not yet there the rows from `first` on; the next free row."""
    mask = len(keys) - 1
    free = first
    for n in range(len(customers)):
        customer = int(customers[n])
        place = (customer ^ (customer >> 31)) & mask
        while keys[place] != customer and keys[place] != 0:
            place = (place + 1) & mask
        if keys[place] == 0:
            keys[place] = customer
            slots[place] = free
            free += 1
    return free
