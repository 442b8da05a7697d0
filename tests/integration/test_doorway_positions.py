"""A position that does not fit its log ends the worker: it names the remedy and resets nothing."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from doorway_parts import BILLING, Doorway, ends_with

from holdfast import topics

PARTITION = 5
REMEDY = r"`holdfast positions move points {topic} {partition} --to earliest`"


async def stored(doorway: Doorway) -> list[tuple[Any, ...]]:
    """What a reset would change; epochs and owners may, for the claim comes first."""
    return await doorway.rows(
        "SELECT topic, partition, next_offset, topic_id FROM position ORDER BY topic, partition"
    )


@pytest.fixture
async def placed(doorway: Doorway) -> AsyncIterator[None]:
    """Positions of every partition, as a worker leaves them; taken back after the test."""
    (await doorway.start()).stop()
    yield
    doorway.forget_the_dead()
    await doorway.execute("DELETE FROM position WHERE topic = $1", BILLING)


@pytest.mark.usefixtures("placed")
async def test_a_position_outside_the_log_ends_the_worker_with_78_and_resets_nothing(
    doorway: Doorway,
) -> None:
    outside = "UPDATE position SET next_offset = 1000000 WHERE topic = $1 AND partition = $2"
    await doorway.execute(outside, BILLING, PARTITION)
    before = await stored(doorway)

    code, reason = await ends_with(doorway.parts.start_worker())

    assert code == 78
    assert re.search(REMEDY.format(topic=BILLING, partition=PARTITION), reason)
    assert f"{BILLING}[{PARTITION}]: position 1000000 lies outside the log" in reason
    assert await stored(doorway) == before


@pytest.mark.usefixtures("placed")
async def test_a_topic_made_anew_ends_the_worker_with_78_and_resets_nothing(
    doorway: Doorway,
) -> None:
    before = await stored(doorway)
    with topics.cluster(doorway.parts.broker.address) as client:
        topics.delete(client, [BILLING])
        topics.create_missing(client)

    code, reason = await ends_with(doorway.parts.start_worker())

    assert code == 78
    assert re.search(REMEDY.format(topic=BILLING, partition=r"\d+"), reason)
    assert "was made anew" in reason
    assert await stored(doorway) == before
