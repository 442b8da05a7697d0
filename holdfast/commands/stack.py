"""`holdfast up|down|status|restart|logs`: the local stack."""

import json
import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from holdfast.stack import parts
from holdfast.stack.readiness import ready
from holdfast.stack.state import KINDS_OF_PARTS, SERVICES, StackState, home_folder, load
from holdfast.stack.supervisor import SUPERVISOR

Home = Annotated[
    Path | None, typer.Option(help="The stack's folder; $HOLDFAST_HOME, else .holdfast here.")
]
_THREE = 3
GOOD = ("ready", "running")

# Progress goes to standard error, so that --json and pipes stay clean.
console = Console(stderr=True)


def _whole_url(given: str) -> str:
    """Every role's address is derived from this one, so nothing of it may be left to defaults."""
    if given and not re.fullmatch(r"postgres(ql)?://[^:@/]+:[^@/]+@[^@/]+/[^@/]+", given):
        raise typer.BadParameter("postgresql://USER:PASSWORD@HOST:PORT/DATABASE, of a superuser")
    return given


def up(
    *,
    home: Home = None,
    brokers: Annotated[int, typer.Option(min=1, max=_THREE, help="1 or 3.")] = 1,
    kafka: Annotated[str, typer.Option(help="Use these brokers: HOST:PORT[,…].")] = "",
    database: Annotated[
        str, typer.Option(help="Use this server: a superuser's URL.", callback=_whole_url)
    ] = "",
    kafka_jars: Annotated[Path | None, typer.Option(help="A folder with Kafka's jars.")] = None,
    rate: Annotated[float, typer.Option(min=0, help="Business seconds a second.")] = 1.0,
    timings: Annotated[bool, typer.Option("--timings", help="Print each step's seconds.")] = False,
    only: Annotated[
        str, typer.Option(help="Some kinds of parts, say kafka,postgres.", show_default=True)
    ] = ",".join(KINDS_OF_PARTS),
) -> None:
    """Start Kafka, PostgreSQL, the workers and the web process, and wait until they are ready.

    Business time goes on where `down` stopped it. Type it again after a crash: what still runs is
    taken over, what is gone is started.

    Example: holdfast up --timings
    """
    from holdfast.stack import lifecycle  # noqa: PLC0415 - brings Alembic, which `status` spares.

    folder = home_folder(home)
    kinds = tuple(only.split(","))
    if brokers not in (1, _THREE):
        raise typer.BadParameter("1 or 3 brokers: two would not survive the loss of one")
    if not set(kinds) <= set(KINDS_OF_PARTS):
        raise typer.BadParameter(f"--only takes some of {','.join(KINDS_OF_PARTS)}")
    wishes = lifecycle.Wishes(folder, brokers, kafka, database, kafka_jars, rate, kinds)
    if lifecycle.is_up(load(folder)):
        console.print(f"it is up already; see `holdfast status` ({folder})")
        return
    taken = lifecycle.Timings(lambda step: console.print(f"  {step} …"))
    with told(), lifecycle.alone(folder):
        state = lifecycle.up(wishes, taken)
    if timings:
        print(json.dumps(taken.steps))
    _print_addresses(state)


@contextmanager
def told() -> Generator[None]:
    """A failure of a part is a message and exit code 1, never a stack trace."""
    from holdfast.stack.jars import NoJars  # noqa: PLC0415 - as above.
    from holdfast.stack.kafka import KafkaFailed  # noqa: PLC0415
    from holdfast.stack.lifecycle import UpFailed  # noqa: PLC0415
    from holdfast.stack.postgres import PostgresFailed  # noqa: PLC0415
    from holdfast.topics import TopicsRefused  # noqa: PLC0415

    try:
        yield
    except (NoJars, KafkaFailed, PostgresFailed, TopicsRefused, UpFailed, OSError) as failure:
        # Not wrapped: what is to be typed shall be copied in one piece.
        console.print(str(failure), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from failure


def _print_addresses(state: StackState) -> None:
    if state.has_kafka:
        console.print(f"{'Kafka':<19}{state.kafka}")
    for part in parts.services(state):
        at = f"http://127.0.0.1:{state.part(part.name).health_port}"
        console.print(f"{part.name:<19}{at}/{'' if part.name in parts.BESIDE else 'metrics'}")
    if parts.services(state):
        console.print(f"{'pages':<19}{parts.web_address(state)}/")
        for service in SERVICES:
            at = f"http://127.0.0.1:{state.web_port}/{service}"
            console.print(f"{service:<19}{at}/openapi.json")
        console.print(f"{'a token':<19}holdfast token points_operator 990101")


def down(*, home: Home = None) -> None:
    """Stop what `up` started, and nothing else; data and business time stay where they are.

    Example: holdfast down
    """
    from holdfast.stack import lifecycle  # noqa: PLC0415 - as above.

    state = _known(home)
    with told(), lifecycle.alone(state.folder):
        lifecycle.down(state, lambda step: console.print(f"  {step} …", markup=False))


def status(
    *,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What runs, what is ready, what was restarted, and what stands until it is mended.

    Ends with 1 unless every part is as it should be; `holdfast doctor` says what to type then.

    Example: holdfast status --json
    """
    state = _known(home)
    rows = [_row(state, name) for name in sorted(state.parts)]
    if as_json:
        print(json.dumps(rows))
    else:
        table = Table("part", "pid", "state", "restarts", "message")
        for row in rows:
            colour = {"ready": "green", "running": "green"}.get(str(row["state"]), "red")
            table.add_row(*(str(value) for value in row.values()), style=colour)
        Console().print(table)
    if any(row["state"] not in GOOD for row in rows):
        raise typer.Exit(1)


def _row(state: StackState, name: str) -> dict[str, object]:
    part = state.part(name)
    if part.stopped_because:
        now = "stopped"
    elif not part.alive():
        now = "away"
    elif part.health_port:
        now = "ready" if ready(part.health_port) else "not ready"
    else:
        now = "running"
    return {
        "part": name,
        "pid": part.pid,
        "state": now,
        "restarts": part.restarts,
        "message": part.stopped_because,
    }


def restart(
    part: Annotated[str, typer.Argument(help="as `status` names it")], home: Home = None
) -> None:
    """Start a part again, also one that stands with a message.

    Example: holdfast restart worker-points
    """
    state = _known(home)
    if part not in state.parts or part == SUPERVISOR:
        known = ", ".join(name for name in sorted(state.parts) if name != SUPERVISOR)
        raise typer.BadParameter(f"one of {known}")
    if not state.part(SUPERVISOR).alive():
        console.print("nobody is there to start it: type `holdfast up`", style="red")
        raise typer.Exit(1)
    requests = state.folder / "restart"
    requests.mkdir(exist_ok=True)
    (requests / part).touch()
    console.print(f"{part} will be started again; see `holdfast status`")


def logs(
    part: Annotated[str, typer.Argument(help="as `status` names it; all if left out")] = "",
    home: Home = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they grow.")] = False,
) -> None:
    """The end of a part's log, or of all logs.

    Example: holdfast logs worker-points -f
    """
    folder = _known(home).folder
    found = sorted([*folder.glob("logs/*.log"), *folder.glob("*/*.log")], key=lambda log: log.name)
    wanted = [log for log in dict.fromkeys(found) if part in ("", log.stem, log.parent.name)]
    if not wanted:
        raise typer.BadParameter(f"{part} has no log yet")
    lines = "40" if part else "8"
    options = ["-n", lines, *(["-F"] if follow else [])]
    subprocess.run(["tail", *options, *map(str, wanted)], check=False)


def _known(home: Path | None) -> StackState:
    folder = home_folder(home)
    state = load(folder)
    if state is None:
        console.print(f"no stack in {folder}: run `holdfast up`", style="red")
        raise typer.Exit(1)
    return state
