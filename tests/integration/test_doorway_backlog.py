"""A worker comes to a backlog on all partitions at once: no transaction of it runs out of time."""

from doorway_parts import Doorway, a_bill, a_profile, comes_to, customer_in
from doorway_parts import record_of as record

from shared.events.catalogue import CUSTOMER_PARTITIONS

BILLS = 1_200  # of each partition: more than one transaction takes
PROFILES = 300


async def test_a_backlog_on_all_partitions_is_taken_without_a_transaction_out_of_time(
    doorway: Doorway,
) -> None:
    customers = [customer_in(partition) for partition in range(CUSTOMER_PARTITIONS)]
    for _ in range(BILLS // 100):
        await doorway.send(*(record(a_bill(c)) for c in customers for _ in range(100)))
    await doorway.send(*(record(a_profile(c, n)) for c in customers for n in range(PROFILES)))

    worker = await doorway.start()

    await comes_to(doorway.positions, doorway.log_ends(), seconds=60)
    granted = await doorway.points(customers)
    assert granted == dict.fromkeys(customers, (BILLS, BILLS * 100))
    assert "waiting_for_database" not in worker.log.read_text()
    worker.stop()
    assert worker.process.returncode == 0, worker.last_words()
