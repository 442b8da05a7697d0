"""A worker that lives without consuming is seen to be unready, ends, and another takes over."""

import time

import pytest
from doorway_parts import Doorway, a_bill, comes_to, customer_in, ends_with
from doorway_parts import record_of as record
from hanging_worker import HANGS

UNREADY_SECONDS, ENDS_SECONDS = 15, 45
SLACK_SECONDS = 2  # of looking, on a busy machine


@pytest.mark.timeout(120)
async def test_a_worker_whose_fetcher_hangs_turns_unready_ends_with_71_and_is_replaced(
    doorway: Doorway,
) -> None:
    hanging = await doorway.start("tests.integration.hanging_worker")

    async def hangs() -> bool:
        return HANGS in hanging.log.read_text()

    await comes_to(hangs, wanted=True)
    hung_at = time.monotonic()
    customer = customer_in(3)
    await doorway.send(record(a_bill(customer)))

    unready = UNREADY_SECONDS + SLACK_SECONDS
    await comes_to(lambda: doorway.ready(hanging), wanted=False, seconds=unready)
    assert hanging.alive()
    code, reason = await ends_with(hanging, seconds=ENDS_SECONDS - (time.monotonic() - hung_at))
    assert (code, reason) == (71, "no poll for 30 s")

    second = await doorway.start()
    await comes_to(lambda: doorway.points([customer]), {customer: (1, 100)})
    second.stop()
    assert second.process.returncode == 0
