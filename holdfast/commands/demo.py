"""`holdfast demo`: everything up, a province seeded and alive, every stage in the terminal."""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from holdfast.commands.simulate import (
    CUSTOMERS,
    RATE,
    SEED,
    Customers,
    Home,
    Manual,
    Rate,
    Seed,
    check_time,
    console,
    refusals_told,
    say,
)
from holdfast.commands.stack import told
from holdfast.simulation import story
from holdfast.simulation.checks import Check, as_report
from holdfast.simulation.stage import Stage, on_stage
from holdfast.simulation.start import Start
from holdfast.simulation.story import Telling
from holdfast.simulation.view import watch
from holdfast.simulation.window import BEGINS, CUT_OVER, ENDS
from holdfast.simulation.world import World, make_world
from holdfast.stack import lifecycle
from holdfast.stack.lifecycle import Timings, Wishes
from holdfast.stack.state import StackState, home_folder, load

SPEED_MAX = 10.0  # faster, and a working hour ends before anybody can look at a task
OPENING = CUT_OVER + timedelta(minutes=5)
"""Business time of a stack while it takes in the opening records."""
COUNTERS_OPEN_SOON = BEGINS + timedelta(hours=1, minutes=50)
"""Where an open demo begins: ten business minutes before the first call may be made."""


def demo(
    *,
    until_complete: Annotated[
        bool,
        typer.Option("--until-complete", help="Friday 07:00 to Monday 20:00, then the checks."),
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write the checks here, as JSON.")] = None,
    speed: Annotated[
        float, typer.Option(min=0.1, max=SPEED_MAX, help="With --until-complete: so many times.")
    ] = 1.0,
    seed: Seed = SEED,
    customers: Customers = CUSTOMERS,
    rate: Rate = RATE,
    manual: Manual = False,
    home: Home = None,
) -> None:
    """Bring everything up, let a province live on it, and watch.

    With --until-complete the story has an end: it stops what it started and ends with 1 unless
    every check holds. Otherwise Ctrl-C ends the view; the stack runs on.

    Example: holdfast demo
    """
    world = make_world(seed, customers)
    if not until_complete:
        _watch_it(home_folder(home), world, Telling(manual=manual), rate)
        return
    telling = Telling(manual=manual, speed=speed)
    folder = home.resolve() if home else _temporary()
    if load(folder) is not None:
        console.print(f"the whole story needs a new stack, and {folder} has one: another --home")
        raise typer.Exit(1)
    ending = _whole(folder, world, telling)
    if report:
        report.write_text(json.dumps(ending.as_report(), indent=2, ensure_ascii=False) + "\n")
    _print_checks(ending.found)
    if not all(check.holds for check in ending.found):
        console.print(f"what was left behind lies in {folder}")
        raise typer.Exit(1)
    if home is None:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Ending:
    """What the checks found, and how long it took: the story, and all of it."""

    found: Sequence[Check]
    story_seconds: float
    whole_seconds: float = 0

    def as_report(self) -> dict[str, object]:
        seconds = {"story": round(self.story_seconds), "whole": round(self.whole_seconds)}
        return {**as_report(self.found), "seconds": seconds}


def _temporary() -> Path:
    """A folder for one run, which PostgreSQL's own user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    folder.chmod(0o755)
    return folder


def _up(folder: Path, *, rate: float) -> tuple[StackState, Start]:
    known = load(folder)
    timings = Timings(say)
    if known is not None and lifecycle.is_up(known):
        return known, Start(timings.steps, console.print)
    with told(), lifecycle.alone(folder):
        state = lifecycle.up(Wishes(folder, rate=rate, begin=OPENING), timings)
    return state, Start(timings.steps, console.print)


def _watch_it(folder: Path, world: World, telling: Telling, rate: float) -> None:
    state, start = _up(folder, rate=1.0)
    telling = replace(telling, first_record=start.first_record)
    try:
        with refusals_told():
            asyncio.run(_open_end(state, start, world, telling, rate))
    except KeyboardInterrupt:
        console.print("the stack runs on: `holdfast simulate` goes on, `holdfast down` stops it")


async def _open_end(
    state: StackState, start: Start, world: World, telling: Telling, rate: float
) -> None:
    async with on_stage(state, world) as stage:
        check_time(stage)
        await story.cut_over(stage, say)
        if not story.is_under_way(stage.follower.clock, COUNTERS_OPEN_SOON, rate=rate):
            await story.begin_at(stage, start, COUNTERS_OPEN_SOON, rate=rate)
        async with _watched(stage):
            await story.play(stage, telling, since=stage.now(), until=None)


def _whole(folder: Path, world: World, telling: Telling) -> Ending:
    """The story from its beginning to its reckoning; whatever happens, its stack is stopped."""
    began = time.monotonic()
    try:
        with refusals_told():
            state, start = _up(folder, rate=1.0)
            telling = replace(telling, first_record=start.first_record)
            ending = asyncio.run(_to_the_end(state, start, world, telling))
    finally:
        state = load(folder)
        if state is not None:
            with lifecycle.alone(folder):
                lifecycle.down(state, say)
        say(f"the whole took {time.monotonic() - began:.0f} s")
    return replace(ending, whole_seconds=time.monotonic() - began)


async def _to_the_end(state: StackState, start: Start, world: World, telling: Telling) -> Ending:
    async with on_stage(state, world) as stage:
        await story.cut_over(stage, say)
        await story.begin_days(stage, start, say, speed=telling.speed)
        began = time.monotonic()
        async with _watched(stage):
            await story.play(stage, telling, since=BEGINS, until=ENDS)
        seconds = time.monotonic() - began
        say(f"Monday evening after {seconds:.0f} s: reckoning")
        return Ending(await story.reckon(stage), seconds)


@asynccontextmanager
async def _watched(stage: Stage) -> AsyncGenerator[None]:
    """The live view beside what happens."""
    view = asyncio.create_task(watch(stage, console))
    try:
        yield
    finally:
        view.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await view


def _print_checks(found: Sequence[Check]) -> None:
    table = Table("check", "count", "limit", "holds")
    for check in found:
        limit = f"{check.side.replace('_', ' ')} {check.limit:g}"
        colour = "green" if check.holds else "red"
        table.add_row(check.name, f"{check.count:g}", limit, str(check.holds), style=colour)
    console.print(table)
