"""A running stack with a province on it: connections, the business clock, everybody's hands."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from holdfast.simulation.delivery import Delivery
from holdfast.simulation.gateway import Gateway, connect
from holdfast.simulation.people.crowd import Crowd
from holdfast.simulation.world import World
from holdfast.stack import parts
from holdfast.stack.state import StackState
from holdfast.tokens import open_issuer
from shared import clock
from shared.clock import ClockFollower, Segment
from shared.database import create_engine
from shared.identity import Role
from shared.number_hash import NumberHasher, hasher

PROVINCE = "99"
AHEAD = timedelta(seconds=clock.AHEAD_SECONDS + 1)
NOTE = "simulation.json"


class WrongStage(Exception):  # noqa: N818 - the message says what to do.
    """This stack cannot carry this province."""


@dataclass(frozen=True)
class Stage:
    """What a story needs of a stack."""

    state: StackState
    world: World
    follower: ClockFollower
    delivery: Delivery
    crowd: Crowd

    @property
    def home(self) -> Path:
        return self.state.folder

    @property
    def boss(self) -> Gateway:
        return self.crowd.gateway("boss", Role.BOSS, PROVINCE)

    @property
    def mediation(self) -> Gateway:
        return self.crowd.gateway("mediation", Role.MEDIATION, PROVINCE)

    @property
    def auditor(self) -> Gateway:
        return self.crowd.gateway("auditor", Role.AUDITOR, PROVINCE)

    @property
    def hasher(self) -> NumberHasher:
        """The stack's own: boss and ingest must make the same hash of a number."""
        told = parts.environment(self.state, parts.WEB)
        return hasher(told["HOLDFAST_IDENTITY_KEY"], told["HOLDFAST_IDENTITY_KEY_ID"])

    def now(self) -> datetime:
        return self.follower.clock.now()

    async def append(self, *segments: Segment) -> None:
        """Tell business time how to run from then on (contracts §1)."""
        engine = create_engine(
            parts.superuser_url(self.state), application="holdfast-simulation", pool_size=1
        )
        try:
            for segment in segments:
                async with engine.begin() as connection:
                    await clock.append(connection, segment)
        finally:
            await engine.dispose()

    def seeded(self) -> bool:
        """Whether this province's opening records are in already.

        Raises:
            WrongStage: another province's are.
        """
        note = self.home / NOTE
        if not note.exists():
            return False
        if json.loads(note.read_text()) != self._name():
            raise WrongStage(
                f"another province lives in {self.home} ({note.read_text()}): use its seed and "
                "number of customers, or another --home"
            )
        return True

    def note_seeded(self) -> None:
        (self.home / NOTE).write_text(json.dumps(self._name()))

    def _name(self) -> dict[str, int]:
        return {"seed": self.world.population.seed, "customers": self.world.population.size}


def soon() -> datetime:
    """The earliest moment at which a new segment may begin."""
    return datetime.now(UTC) + AHEAD


@asynccontextmanager
async def on_stage(state: StackState, world: World) -> AsyncGenerator[Stage]:
    """Everything connected; nothing sent yet."""
    engine = create_engine(
        parts.role_url(state, "points", "web"), application="holdfast-simulation", pool_size=1
    )
    follower = ClockFollower(engine)
    delivery = Delivery(state.kafka)
    await follower.start()
    await delivery.start()
    try:
        async with connect(state.web_port) as client:
            issuer = open_issuer(state.folder)
            crowd = Crowd(world, client, issuer, lambda: follower.clock)
            yield Stage(state, world, follower, delivery, crowd)
    finally:
        await delivery.stop()
        await follower.stop()
        await engine.dispose()
