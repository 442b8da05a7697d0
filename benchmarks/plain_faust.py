"""The yardstick: an agent with a Table in plain Faust, as its own documents show it.

Per customer the terminating and the forwarded seconds, a rule on their share and its cool-down: one
of the five rules, and no more of them than that. It runs until it has seen `count` records, and
prints how many it took a CPU-second, its start not counted.
"""

import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import faust

APP = "plain-faust"
SHARE_PERCENT = 40
SECONDS_MIN = 1_800
COOL_DOWN_SECONDS = 86_400
WARM_SHARE = 10  # a tenth of the records is its start


def made(kafka: str, topic: str, partitions: int, count: int) -> faust.App:
    app = faust.App(
        APP,
        broker=f"kafka://{kafka}",
        store="memory://",
        web_enabled=False,
        topic_partitions=partitions,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )
    records = app.topic(topic, value_serializer="json")
    shares = app.Table("shares", default=dict, partitions=partitions)
    seen, began = 0, (0, 0.0)

    @app.agent(records)
    async def weigh(stream: AsyncIterator[dict[str, Any]]) -> None:  # pyright: ignore[reportUnusedFunction] - Faust's registry holds it.
        nonlocal seen, began
        async for record in stream:
            customer = record["customer_id"]
            shares[customer] = weighed(shares[customer], record)
            seen += 1
            if seen == count // WARM_SHARE:
                began = seen, time.process_time()
            if seen == count:
                taken, cpu = seen - began[0], time.process_time() - began[1]
                print(f"\nper CPU-second {taken / cpu:.0f}", flush=True)

    return app


def weighed(row: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    row = {"terminating": 0, "forwarded": 0, "fired": 0.0} | row
    if record["kind"] == "voice" and record["direction"] != "out":
        row["terminating"] += record["seconds"]
        if record["direction"] == "forwarded":
            row["forwarded"] += record["seconds"]
        high = row["forwarded"] * 100 >= SHARE_PERCENT * row["terminating"]
        if (
            high
            and row["forwarded"] >= SECONDS_MIN
            and time.time() - row["fired"] > COOL_DOWN_SECONDS
        ):
            row["fired"] = time.time()
    return row


if __name__ == "__main__":
    kafka, topic, partitions, count = sys.argv[1:]
    app = made(kafka, topic, int(partitions), int(count))
    faust.Worker(app, loglevel="ERROR").execute_from_commandline()
