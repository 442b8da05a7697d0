"""Which relay of a schema publishes: the one whose name stands in the lease row."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import telemetry
from shared.faults import is_worlds_fault

LEASE_SECONDS = 3
RENEW_SECONDS = 1  # a lease younger than this is not taken again

T = TypeVar("T")


class LeaseLost(Exception):  # noqa: N818 - a fact, not an error: another relay goes on.
    """Another relay publishes now."""


# The database's clock decides: processes' clocks differ.
_TAKE = text("""
    UPDATE relay_lease
    SET owner = :owner, epoch = epoch + (owner <> :owner)::int,
        expires_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE owner = :owner OR expires_at < clock_timestamp()
    RETURNING epoch
""")

_RELEASE = text("UPDATE relay_lease SET expires_at = '-infinity' WHERE owner = :owner")


class Lease:
    """The right to publish, for seconds at a time; its epoch fences the cursor.

    `engine` commits each statement by itself.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # A process number comes again, and in a container it always does.
        self.owner = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._epoch: int | None = None
        self._taken_at = 0.0

    async def take(self) -> int | None:
        """The epoch of our lease, taken again when it is a second old; None: another relays."""
        if self._epoch is None or time.monotonic() - self._taken_at > RENEW_SECONDS:
            await self._renew()
        return self._epoch

    async def hold_during(self, work: Coroutine[Any, Any, T]) -> T:
        """Renew the lease until `work` is done.

        Raises:
            LeaseLost: another relay took over; `work` was cancelled.
        """
        epoch, task = self._epoch, asyncio.create_task(work)
        try:
            while not (await asyncio.wait({task}, timeout=RENEW_SECONDS))[0]:
                await self._renew()
                if self._epoch != epoch:
                    raise self.lost()
            return task.result()
        finally:
            task.cancel()

    def lost(self) -> LeaseLost:
        """Forget the lease, and say so to whoever stops because of it."""
        self._epoch = None
        telemetry.RELAY_LEADER.set(0)
        telemetry.RELAY_LEASES_LOST.inc()
        return LeaseLost(f"{self.owner} no longer holds the relay's lease")

    async def release(self) -> None:
        """Let the next relay begin at once; without a database it waits for the lease's end."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(_RELEASE, {"owner": self.owner})
        except Exception as error:
            if not is_worlds_fault(error):
                raise

    async def _renew(self) -> None:
        asked_at = time.monotonic()
        async with self._engine.connect() as connection:
            asked = {"owner": self.owner, "seconds": LEASE_SECONDS}
            taken = await connection.execute(_TAKE, asked)
            self._epoch = taken.scalar_one_or_none()
        self._taken_at = asked_at
        telemetry.RELAY_LEADER.set(self._epoch is not None)
