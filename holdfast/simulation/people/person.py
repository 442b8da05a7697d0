"""What everybody has who works here: hands at the API, a watch, working hours, habits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from holdfast.simulation.gateway import Gateway, Json, Refused, Reply
from holdfast.simulation.temper import Temper
from shared.clock import Clock
from shared.working_calendar import ZONE, WorkingCalendar

LOOK_AGAIN = timedelta(minutes=15)
PAUSE_SECONDS = (0.15, 2.0)  # of machine time: nobody hammers the API, nobody oversleeps a day


@dataclass
class Person:
    """One worker; `clock` gives the business clock as it stands."""

    gateway: Gateway
    clock: Callable[[], Clock]
    calendar: WorkingCalendar
    temper: Temper
    hours: tuple[time, time] = (time(9), time(18))
    refused: int = field(default=0)
    """Answers that others were faster, or that the rules forbid it: part of the day's work."""

    @property
    def name(self) -> str:
        return self.gateway.subject

    def now(self) -> datetime:
        return self.clock().now()

    def at_work(self) -> bool:
        local = self.now().astimezone(ZONE)
        begins, ends = self.hours
        return self.calendar.is_working_day(local.date()) and begins <= local.time() < ends

    async def pause(self, business: timedelta) -> None:
        """So much business time, however fast it runs when it ends."""
        until = self.now() + business
        while (left := until - self.now()) > timedelta(0):
            rate = max(self.clock().rate, 1.0)
            low, high = PAUSE_SECONDS
            await asyncio.sleep(min(max(left.total_seconds() / rate, low), high))

    async def act(self, path: str, body: Json | None = None, *, etag: str | None = None) -> Reply:
        """An act that may be refused: somebody else was faster, or a rule forbids it by now."""
        reply = await self.gateway.post(path, body, etag=etag)
        if not reply.done:
            self.refused += 1
        return reply

    async def work(self, once: Callable[[], Awaitable[bool]]) -> None:
        """Day after day: `once` as long as there was something to do, then look again later."""
        while True:
            try:
                busy = self.at_work() and await once()
            except Refused:  # a service was away for long; it is asked again
                self.refused += 1
                busy = False
            if not busy:
                await self.pause(LOOK_AGAIN)
