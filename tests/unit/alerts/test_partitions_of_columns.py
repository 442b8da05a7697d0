"""A column's partitions are those of its customers, one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.domain.partitions import partitions_of
from shared.events.partition import partition_of


@given(st.lists(st.integers(1, 2**63 - 1) | st.integers(1, 10**6), max_size=50))
def test_a_column_is_placed_as_its_customers_are(customers: list[int]) -> None:
    found = partitions_of(np.array(customers, np.int64))

    assert found.tolist() == [partition_of(customer) for customer in customers]
