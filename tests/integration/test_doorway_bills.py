"""The doorway in: what lies in the logs is posted, once, and positions say how far."""

from collections.abc import Sequence

import pytest
from doorway_parts import Doorway, Record, a_bill, a_profile, arrow_of, comes_to, customer_in
from doorway_parts import record_of as record

from holdfast.chaos.parts import Worker
from shared.events.catalogue import CUSTOMER_PARTITIONS

CUSTOMERS = [customer_in(partition) for partition in range(CUSTOMER_PARTITIONS)]
POSTED = dict.fromkeys(CUSTOMERS, (4, 430))  # entries and points of each


def one_of_each(customer: int, partition: int) -> Sequence[Record]:
    """Two bills alone, two in one Arrow message, and a profile."""
    return (
        record(a_bill(customer, yuan=100)),
        record(a_profile(customer, 1)),
        arrow_of([a_bill(customer, yuan=10), a_bill(customer, yuan=20)], partition),
        record(a_bill(customer, yuan=300)),
    )


RECORDS = [r for n, customer in enumerate(CUSTOMERS) for r in one_of_each(customer, n)]


async def everything(doorway: Doorway) -> Sequence[object]:
    """What a second delivery must leave as it is, down to the versions and times."""
    return [
        await doorway.rows("SELECT * FROM entry ORDER BY customer_id, entry_id"),
        await doorway.rows("SELECT * FROM lot ORDER BY customer_id, programme, cohort"),
        await doorway.rows("SELECT * FROM customer ORDER BY customer_id"),
        await doorway.rows("SELECT count(*) FROM event_link"),
    ]


@pytest.mark.requirement("XC-19")
@pytest.mark.usefixtures("worker")
async def test_bills_on_all_partitions_are_posted_once_and_positions_stand_at_the_log_ends(
    doorway: Doorway,
) -> None:
    await doorway.send(*RECORDS)
    await comes_to(doorway.positions, doorway.log_ends())
    assert await doorway.points(CUSTOMERS) == POSTED


async def test_an_exact_resend_changes_nothing_but_the_positions(
    doorway: Doorway, worker: Worker
) -> None:
    await doorway.send(*RECORDS)
    await comes_to(doorway.positions, doorway.log_ends())
    before = await everything(doorway)

    await doorway.send(*RECORDS)
    await comes_to(doorway.positions, doorway.log_ends())

    assert await everything(doorway) == before
    assert await doorway.points(CUSTOMERS) == POSTED
    assert await doorway.rows("SELECT reason, detail FROM dead_letter") == []
    assert worker.alive()
