"""What ingest holds for as long as a web process lives: owners in memory, a producer, pulses."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.handlers.follow_identities import IdentityFollower
from services.alerts.handlers.take_usage import Ingest
from services.alerts.handlers.tell_heartbeat import Pulse
from services.alerts.store.usage_log import UsageLog
from shared.number_hash import NumberHasher


@dataclass(frozen=True)
class IngestDoor:
    """Made by the wiring, reached by every request that brings usage."""

    ingest: Ingest
    pulse: Pulse

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Follow numbers' owners while the process serves."""
        follower = asyncio.create_task(self.ingest.identities.follow(), name="identities")
        try:
            yield
        finally:
            follower.cancel()
            await asyncio.wait({follower})
            await self.ingest.log.close()


def ingest_door(engine: AsyncEngine, *, kafka: str, hasher: NumberHasher) -> IngestDoor:
    log = UsageLog(kafka)
    follower = IdentityFollower(engine, kafka=kafka, key_id=hasher.key_id)
    return IngestDoor(
        ingest=Ingest(engine=engine, hasher=hasher, identities=follower, log=log),
        pulse=Pulse(engine=engine, log=log),
    )
