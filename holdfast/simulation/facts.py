"""What the services told: their topics, read from beginning to end (contracts §3)."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from holdfast.chaos.findings import Record, read_log
from shared.events.catalogue import Topic


@dataclass(frozen=True)
class Told:
    """One fact as it lies in its topic."""

    event_type: str
    event_id: str
    cause_id: str
    at: datetime
    body: dict[str, Any]

    @property
    def customer(self) -> int:
        return int(self.body["customer_id"])


async def told(kafka: str, topics: Iterable[Topic]) -> AsyncGenerator[Told]:
    """Every fact of `topics` as they stand now, each partition in its order."""
    async with aclosing(read_log(kafka, topics)) as log:
        async for record in log:
            yield _fact(record)


def _fact(record: Record) -> Told:
    headers = {name: text.decode() for name, text in record.headers}
    return Told(
        event_type=headers["ce_type"],
        event_id=headers["ce_id"],
        cause_id=headers.get("ce_causationid", ""),
        at=datetime.fromisoformat(headers["ce_time"]),
        body=orjson.loads(record.value or b"{}"),
    )
