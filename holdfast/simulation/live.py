"""Everything that is sent as it happens: nothing before its business time (contracts §1)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from holdfast.simulation.delivery import Delivery
from holdfast.simulation.gateway import Gateway, Refused
from holdfast.simulation.script import Due
from holdfast.simulation.upload import ROWS_MAX, SOURCE, encode
from holdfast.simulation.usage_days import Usage, usage_of
from holdfast.simulation.world import World
from shared.events.arrow import ARROW
from shared.working_calendar import ZONE

TICK_SECONDS = 0.25
HEARTBEAT_SECONDS = 1.0
AT_ONCE = 2  # uploads under way together


@dataclass
class Sent:
    """How far the simulator has come; what Holdfast made of it is asked of Holdfast."""

    records: int = 0
    messages: int = 0
    until: datetime | None = None


@dataclass
class Live:
    """The systems of one province at work: mediation over HTTP, the others over Kafka."""

    world: World
    mediation: Gateway
    delivery: Delivery
    now: Callable[[], datetime]
    first_record: Callable[[], None]
    sent: Sent = field(default_factory=Sent)

    async def run(self, told: tuple[Due, ...], *, since: datetime, until: datetime | None) -> None:
        """From `since` on, to `until` or for ever."""
        async with asyncio.TaskGroup() as together:
            together.create_task(self._usage(since, until))
            together.create_task(self._script([due for due in told if due.at >= since]))

    async def _script(self, told: list[Due]) -> None:
        """Bills, counters and the rest, in their order."""
        while told:
            now = self.now()
            due = [one.message for one in told if one.at <= now]
            await self.delivery.send(due)
            self.sent.messages += len(due)
            del told[: len(due)]
            await asyncio.sleep(TICK_SECONDS)

    async def _usage(self, since: datetime, until: datetime | None) -> None:
        """Call records day after day; heartbeats say how far they are complete."""
        day = since.astimezone(ZONE).date()
        beat = 0.0
        queue = _Queue.of(self.world, day, since)
        while until is None or since < until:
            now = self.now() if until is None else min(self.now(), until)
            while queue.day < now.astimezone(ZONE).date():
                await self._upload(queue, now)
                queue = _Queue.of(self.world, queue.day + timedelta(days=1), since)
            await self._upload(queue, now)
            if time.monotonic() - beat >= HEARTBEAT_SECONDS or now == until:
                await self._heartbeat(now)
                beat = time.monotonic()
            since = now
            await asyncio.sleep(TICK_SECONDS)

    async def _upload(self, queue: "_Queue", now: datetime) -> None:
        """Whatever of a day has happened by `now`, a few batches at once."""
        places = queue.due(now)
        for begin in range(0, len(places), AT_ONCE):
            batches = places[begin : begin + AT_ONCE]
            await asyncio.gather(*(self._one(queue, part) for part in batches))
        self.sent.until = now

    async def _one(self, queue: "_Queue", part: slice) -> None:
        usage = queue.usage.take(part)
        content = encode(self.world.population, usage, queue.day, part.start)
        headers = {
            "Content-Type": ARROW,
            "Holdfast-Source": SOURCE,
            "Holdfast-Batch": f"{queue.day:%y%m%d}-{part.start:07d}-{part.stop:07d}",
        }
        reply = await self.mediation.upload("/alerts/v1/usage", content, headers)
        if not reply.done:
            raise Refused(f"usage was refused with {reply.status}: {reply.body}")
        if not self.sent.records:
            self.first_record()
        self.sent.records += len(usage)

    async def _heartbeat(self, now: datetime) -> None:
        body = {"source": SOURCE, "at": now.isoformat()}
        reply = await self.mediation.post("/alerts/v1/usage/heartbeats", body)
        if not reply.done:
            raise Refused(f"a heartbeat was refused with {reply.status}: {reply.body}")


@dataclass
class _Queue:
    """A day's records and how many of them were sent."""

    day: date
    usage: Usage
    sent: int

    @classmethod
    def of(cls, world: World, day: date, since: datetime) -> "_Queue":
        usage = usage_of(world.population, world.plan, day)
        return cls(day, usage, _place(usage, since))

    def due(self, now: datetime) -> list[slice]:
        """What has happened by `now` and was not sent, in batches."""
        end = max(self.sent, _place(self.usage, now))
        found = [
            slice(begin, min(begin + ROWS_MAX, end)) for begin in range(self.sent, end, ROWS_MAX)
        ]
        self.sent = end
        return found


def _place(usage: Usage, moment: datetime) -> int:
    """How many records happened up to `moment`."""
    return int(np.searchsorted(usage.at, int(moment.timestamp() * 1e6), side="right"))
