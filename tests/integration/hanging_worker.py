"""The points worker with a fetcher that hangs for good after a few polls (a test starts it)."""

import asyncio
import itertools
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.points.worker import main
from shared import consumer_internals
from shared.consumer_internals import Record

POLLS = 3
HANGS = "the fetcher hangs"

_pop_records = consumer_internals.pop_records
_polls = itertools.count()


async def _pop_until_it_hangs(
    consumer: AIOKafkaConsumer,
    partitions: set[TopicPartition],
    *,
    timeout: float,  # noqa: ASYNC109 - as the function that it stands in for.
    records_max: int,
) -> Mapping[TopicPartition, list[Record]]:
    if next(_polls) >= POLLS:
        print(HANGS, flush=True)  # noqa: T201 - the test waits for this line.
        await asyncio.Event().wait()
    return await _pop_records(consumer, partitions, timeout=timeout, records_max=records_max)


if __name__ == "__main__":
    consumer_internals.pop_records = _pop_until_it_hangs
    main()
