"""PostgreSQL is killed: the worker waits for it, and nothing is lost or doubled."""

import asyncio

from doorway_parts import Doorway, a_bill, comes_to, customer_in
from doorway_parts import record_of as record

from holdfast.chaos.parts import Worker
from shared.events.catalogue import CUSTOMER_PARTITIONS

EACH = 20  # bills of a customer


async def test_a_worker_waits_for_a_killed_postgresql_and_nothing_is_lost_or_doubled(
    doorway: Doorway, worker: Worker
) -> None:
    customers = [customer_in(partition) for partition in range(CUSTOMER_PARTITIONS)]
    bills = [record(a_bill(customer)) for customer in customers for _ in range(EACH)]
    sending = asyncio.create_task(doorway.send(*bills[: len(bills) // 2]))
    doorway.parts.kill_postgres()
    await sending
    await doorway.send(*bills[len(bills) // 2 :])

    async def waits() -> bool:
        return "waiting_for_database" in worker.log.read_text()

    await comes_to(waits, wanted=True)
    doorway.parts.start_postgres()

    posted = dict.fromkeys(customers, (EACH, EACH * 100))
    await comes_to(lambda: doorway.points(customers), posted)
    await comes_to(doorway.positions, doorway.log_ends())
    assert await doorway.points(customers) == posted
    assert worker.alive()
