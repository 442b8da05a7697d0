"""`holdfast simulate`: a province's systems and people at work on a running stack."""

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table

from holdfast.simulation import story
from holdfast.simulation.calibration import calibration
from holdfast.simulation.gateway import Refused
from holdfast.simulation.stage import Stage, WrongStage, on_stage, soon
from holdfast.simulation.story import Telling
from holdfast.simulation.window import BEGINS, CUT_OVER
from holdfast.simulation.world import World, make_world
from holdfast.stack import lifecycle
from holdfast.stack.state import StackState, home_folder, load
from shared.clock import Segment

CUSTOMERS_MIN = 1_000  # fewer hold too few payers for the planned plunges
CUSTOMERS = 50_000
SEED = 1
SEED_MAX = 2**31 - 1
RATE = 60.0

Home = Annotated[
    Path | None, typer.Option(help="The stack's folder; $HOLDFAST_HOME, else .holdfast here.")
]
Seed = Annotated[int, typer.Option(min=0, max=SEED_MAX, help="Another seed, other customers.")]
Customers = Annotated[int, typer.Option(min=CUSTOMERS_MIN, help="How many there are.")]
Rate = Annotated[float, typer.Option(min=0.001, help="Business seconds a second.")]
Manual = Annotated[
    bool, typer.Option("--manual", help="Systems only: you are the managers and the clerks.")
]

# Progress goes to standard error, so that reports and pipes stay clean.
console = Console(stderr=True)


def simulate(
    *,
    seed: Seed = SEED,
    customers: Customers = CUSTOMERS,
    rate: Rate = RATE,
    manual: Manual = False,
    report: Annotated[
        bool, typer.Option("--report", help="Only print the province beside its targets.")
    ] = False,
    home: Home = None,
) -> None:
    """Let a province live on the stack that `holdfast demo` began, until Ctrl-C.

    Example: holdfast simulate --report
    """
    world = make_world(seed, customers)
    if report:
        print_calibration(world)
        return
    state = load(home_folder(home))
    if state is None or not lifecycle.is_up(state):
        console.print("no stack is up here: `holdfast demo` brings one up with its province")
        raise typer.Exit(1)
    try:
        with refusals_told():
            asyncio.run(_live_on(state, world, Telling(manual=manual), rate))
    except KeyboardInterrupt:
        console.print("the province stands still; the stack runs on: `holdfast down` stops it")


@contextmanager
def refusals_told() -> Generator[None]:
    """What a service refuses for good is a message and exit code 1, never a stack trace."""
    reasons: list[str] = []
    try:
        yield
    except* (Refused, WrongStage) as refused:
        reasons = [str(one) for one in _leaves(refused)]
    if reasons:
        console.print("\n".join(reasons), style="red", markup=False)
        raise typer.Exit(1)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _leaves(cast("BaseExceptionGroup[BaseException]", one))
        else:
            yield one


def print_calibration(world: World) -> None:
    """The province's figures beside those it is calibrated on."""
    table = Table("figure", "made", "target", "source")
    for figure in calibration(world.population, world.plan):
        table.add_row(figure.name, figure.value, figure.target, figure.source)
    Console().print(table)


async def _live_on(state: StackState, world: World, telling: Telling, rate: float) -> None:
    async with on_stage(state, world) as stage:
        check_time(stage)
        await story.cut_over(stage, say)
        if stage.follower.clock.rate != rate:
            begin = soon()
            await stage.append(Segment(begin, stage.follower.clock.at(begin), rate))
        say(f"business time {stage.now():%Y-%m-%d %H:%M} UTC; Ctrl-C stops the province")
        await story.play(stage, telling, since=stage.now(), until=None)


def check_time(stage: Stage) -> None:
    """A province of February speaks of February.

    Raises:
        WrongStage: business time of this stack lies before its cut-over day.
    """
    now = stage.now()
    if now < CUT_OVER or (not stage.seeded() and now > BEGINS):
        raise WrongStage(
            f"business time here is {now:%Y-%m-%d %H:%M} UTC, the province is cut over on "
            f"{CUT_OVER:%Y-%m-%d}: begin a stack for it by `holdfast demo --home FOLDER`"
        )


def say(line: str) -> None:
    console.print(f"  {line}", markup=False, highlight=False)
