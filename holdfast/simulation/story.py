"""How a province's days are played: cut-over, the clock, everybody at work, the reckoning."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.commands.audit import audit_of
from holdfast.simulation import facts, letters
from holdfast.simulation.checks import Check, Readings, checks
from holdfast.simulation.live import Live
from holdfast.simulation.metrics import scrape
from holdfast.simulation.outcome import Outcome
from holdfast.simulation.script import script
from holdfast.simulation.seed import seed
from holdfast.simulation.stage import Stage, soon
from holdfast.simulation.start import Start
from holdfast.simulation.window import BEGINS, segments
from shared.clock import AHEAD_SECONDS, Clock, Segment
from shared.events.catalogue import (
    ALERTS,
    CALLCENTER,
    IDENTITY,
    POINTS,
    TICKETING,
    USAGE,
    Topic,
)
from shared.events.catalogue import TOPICS as ALL
from shared.working_calendar import ZONE

# Before the first day every opening record must be in the books, however slow the machine; an open
# demo begins to show something first, when business time runs.
OPENING_SECONDS = 240.0
SOON_SECONDS = AHEAD_SECONDS + 1.0
SETTLE_SECONDS = 40.0
QUIET_LOOKS = 4  # in a row: a fact needs a moment from one service to the next
LOOK_SECONDS = 0.5
# Long enough that the last hour's facts are told; the story has ended, nothing new comes.
RECKONING_SECONDS = 40.0
RECKON_AGAIN_SECONDS = 5.0
LETTERS_AT = datetime(2026, 3, 2, 8, 30, tzinfo=ZONE)
CLOSED = frozenset({"done", "cancelled", "expired"})
TOPICS = (ALERTS, POINTS, CALLCENTER, TICKETING)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Telling:
    """How the story is told: by whom, and how fast."""

    manual: bool
    speed: float = 1.0
    first_record: Callable[[], None] = lambda: None
    """Called when the first call record was taken."""


async def cut_over(stage: Stage, say: Say) -> None:
    """The opening records, unless they are in already."""
    if stage.seeded():
        return
    await seed(
        stage.world,
        stage.delivery,
        boss=stage.boss,
        mediation=stage.mediation,
        hasher=stage.hasher,
        numbers_read=lambda: settled(stage, seconds=SOON_SECONDS, topics=(IDENTITY,)),
        say=say,
    )
    stage.note_seeded()


async def settled(
    stage: Stage, *, seconds: float = SETTLE_SECONDS, topics: Sequence[Topic] = ALL
) -> bool:
    """Whether the services have read whatever lies in the topics, in time."""
    names = [topic.name for topic in topics]
    deadline = time.monotonic() + seconds
    quiet = 0
    while time.monotonic() < deadline:
        quiet = quiet + 1 if (await scrape(stage.state)).are_read(names) else 0
        if quiet >= QUIET_LOOKS:
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def begin_days(stage: Stage, start: Start, say: Say, *, speed: float) -> None:
    """Write down how the whole story's time will run, and wait for its first moment."""
    if not await settled(stage, seconds=OPENING_SECONDS):
        say(
            f"the opening records were not all read within {OPENING_SECONDS:g} s: `holdfast doctor`"
        )
    start.opened()
    await stage.append(*segments(soon(), stage.world.calendar, speed=speed))
    await reach(stage, BEGINS)


def is_under_way(clock: Clock, moment: datetime, *, rate: float) -> bool:
    """Whether business time has reached `moment` before, and runs at this rate."""
    return clock.rate == rate and clock.now() >= moment


async def begin_at(stage: Stage, start: Start, moment: datetime, *, rate: float) -> None:
    """Business time goes on from `moment`, or from where it is by then, at one rate.

    It is told so ahead, and meanwhile what call records need is waited for: whose a number is, and
    how somebody called before. The rest may come in beside them.
    """
    begin = soon()
    moment = max(moment, stage.follower.clock.at(begin))
    await stage.append(Segment(begin, moment, rate))
    await settled(stage, seconds=SOON_SECONDS, topics=(IDENTITY, USAGE))
    start.opened()
    await reach(stage, moment)


async def reach(stage: Stage, moment: datetime) -> None:
    """Wait for a moment of business time, which may also leap forward to it."""
    while (left := moment - stage.now()) > timedelta(0):
        seconds = left.total_seconds() / max(stage.follower.clock.rate, 1.0)
        await asyncio.sleep(min(seconds, LOOK_SECONDS / 2))


async def play(stage: Stage, telling: Telling, *, since: datetime, until: datetime | None) -> None:
    """Systems and people at work: what happens from `since` on, to `until` or for ever."""
    live = Live(stage.world, stage.mediation, stage.delivery, stage.now, telling.first_record)
    told = script(stage.world.population, stage.world.plan, stage.world.broken)
    async with asyncio.TaskGroup() as together:
        people = () if telling.manual else stage.crowd.working(since)
        working = [together.create_task(person) for person in people]
        if not telling.manual:
            together.create_task(engineer(stage))  # who stays until the letters are settled
        await live.run(told, since=since, until=until)
        for person in working:
            person.cancel()


async def engineer(stage: Stage) -> None:
    """On Monday morning somebody sees to the dead letters."""
    await reach(stage, LETTERS_AT)
    await letters.settle(stage.home, stage.world.broken)


async def reckon(stage: Stage) -> Sequence[Check]:
    """The checks, once they hold or the time is up: what was told late is still told."""
    deadline = time.monotonic() + RECKONING_SECONDS
    while True:
        await settled(stage)
        found = checks(stage.world, await outcome_of(stage), await readings_of(stage))
        if all(check.holds for check in found) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(RECKON_AGAIN_SECONDS)


async def outcome_of(stage: Stage) -> Outcome:
    outcome = Outcome()
    async with contextlib.aclosing(facts.told(stage.state.kafka, TOPICS)) as told:
        async for fact in told:
            outcome.take(fact)
    return outcome


async def readings_of(stage: Stage) -> Readings:
    broken = stage.world.broken
    found = await letters.settle(stage.home, broken)
    of_broken = [letter for letter in found if letter.of is not None]
    audit = await audit_of(stage.home)
    points = await stage.auditor.get("/points/v1/figures")
    return Readings(
        portability_cancelled=await _cancelled(stage),
        redemptions=points.body["redeemed"]["redemptions"],
        reversals=points.body["redeemed"]["reversals"],
        audit_entries=audit.entries,
        audit_differences=len(audit.differences),
        letters_expected=sum(len(record.readers) for record in broken),
        letters_found=len(of_broken),
        letters_open=sum(not letter.settled for letter in found),
    )


async def _cancelled(stage: Stage) -> int:
    """Of those who applied for portability: a task was cancelled, and none is open."""
    count = 0
    for application in stage.world.plan.portability:
        customer = stage.world.population.customer_id[application.row]
        reply = await stage.auditor.get(f"/callcenter/v1/customers/{customer}")
        states = [task["state"] for task in reply.body["tasks"]] if reply.done else []
        count += "cancelled" in states and set(states) <= CLOSED
    return count
