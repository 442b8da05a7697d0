"""When everything is broken it is not the records: the worker ends for an operator to look."""

from doorway_parts import BILLING, Doorway, a_bill, comes_to, customer_in, ends_with
from doorway_parts import record_of as record

PARTITION = 13
IN_A_ROW = 20


async def test_twenty_broken_in_a_row_end_the_worker_with_78_and_a_way_to_see_them(
    doorway: Doorway,
) -> None:
    worker = await doorway.start()
    customer = customer_in(PARTITION)
    broken = [record(a_bill(customer)).with_fields(month=None) for _ in range(IN_A_ROW)]
    offsets = await doorway.send(*broken)

    code, reason = await ends_with(worker)
    assert (code, "`holdfast deadletters list`" in reason) == (78, True), reason

    # What was counted was kept: each is a letter, and the position is behind the last.
    letters = "SELECT offset_ FROM dead_letter WHERE key = $1 ORDER BY offset_"
    assert await doorway.rows(letters, str(customer)) == [(offset,) for offset in offsets]
    assert (await doorway.positions())[BILLING, PARTITION] == offsets[-1] + 1

    # Started again by an operator it goes on behind them.
    doorway.forget_the_dead()
    worker = await doorway.start()
    await doorway.send(record(a_bill(customer)))
    await comes_to(lambda: doorway.points([customer]), {customer: (1, 100)})
    worker.stop()
    assert worker.process.returncode == 0
