"""`holdfast up|down|status|restart|logs`: the local stack."""

import json
import subprocess
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from holdfast.stack import lifecycle, parts
from holdfast.stack.jars import NoJars
from holdfast.stack.kafka import KafkaFailed
from holdfast.stack.postgres import PostgresFailed
from holdfast.stack.state import StackState, home_folder, load
from holdfast.stack.supervisor import SUPERVISOR
from holdfast.topics import TopicsRefused

Home = Annotated[
    Path | None, typer.Option(help="The stack's folder; $HOLDFAST_HOME, else .holdfast here.")
]
_THREE = 3

# Progress goes to standard error, so that --json and pipes stay clean.
console = Console(stderr=True)


def up(
    *,
    home: Home = None,
    brokers: Annotated[int, typer.Option(min=1, max=_THREE, help="1 or 3.")] = 1,
    kafka: Annotated[str, typer.Option(help="Use these brokers: HOST:PORT[,…].")] = "",
    database: Annotated[str, typer.Option(help="Use this server: a superuser's URL.")] = "",
    kafka_jars: Annotated[Path | None, typer.Option(help="A folder with Kafka's jars.")] = None,
    rate: Annotated[float, typer.Option(min=0, help="Business seconds a second.")] = 1.0,
    timings: Annotated[bool, typer.Option("--timings", help="Print each step's seconds.")] = False,
) -> None:
    """Start Kafka, PostgreSQL, the workers and the web process, and wait until they are ready.

    Example: holdfast up --timings
    """
    folder = home_folder(home)
    if lifecycle.is_up(load(folder)):
        console.print(f"it is up already; see `holdfast status` ({folder})")
        return
    if brokers not in (1, _THREE):
        raise typer.BadParameter("1 or 3 brokers: two would not survive the loss of one")
    wishes = lifecycle.Wishes(folder, brokers, kafka, database, kafka_jars, rate)
    try:
        state, taken = lifecycle.up(wishes, lambda step: console.print(f"  {step} …"))
    except (NoJars, KafkaFailed, PostgresFailed, TopicsRefused, lifecycle.UpFailed) as failure:
        console.print(str(failure), style="red", markup=False)
        raise typer.Exit(1) from failure
    if timings:
        print(json.dumps(taken.steps))
    _print_addresses(state)


def _print_addresses(state: StackState) -> None:
    console.print(f"Kafka       {state.kafka}")
    console.print(f"web         http://127.0.0.1:{state.web_port}/points/openapi.json")
    for part in parts.kept_parts():
        port = state.part(part.name).health_port
        console.print(f"{part.name:<12}http://127.0.0.1:{port}/metrics")
    console.print("a token     holdfast token points_operator 990101")


def down(*, home: Home = None) -> None:
    """Stop what `up` started, and nothing else; data and business time stay where they are.

    Example: holdfast down
    """
    state = _known(home)
    lifecycle.down(state, lambda step: console.print(f"  {step} …"))


def status(*, home: Home = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """What runs, what is ready, what was restarted, and what stands until it is mended.

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
    if any(row["state"] not in ("ready", "running") for row in rows):
        raise typer.Exit(1)


def _row(state: StackState, name: str) -> dict[str, object]:
    part = state.part(name)
    if part.stopped_because:
        now = "stopped"
    elif not part.alive():
        now = "away"
    elif part.health_port:
        now = "ready" if lifecycle.ready(part.health_port) else "not ready"
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
    requests = state.folder / "restart"
    requests.mkdir(exist_ok=True)
    (requests / part).touch()
    console.print(f"{part} will be started again; see `holdfast status`")


def logs(
    part: Annotated[str, typer.Argument(help="as `status` names it")],
    home: Home = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
) -> None:
    """The end of a part's log.

    Example: holdfast logs worker-points -f
    """
    folder = _known(home).folder
    found = [*folder.glob(f"logs/{part}.log"), *folder.glob(f"{part}/*.log")]
    if not found:
        raise typer.BadParameter(f"{part} has no log yet")
    subprocess.run(["tail", "-n", "40", *(["-F"] if follow else []), str(found[0])], check=False)


def _known(home: Path | None) -> StackState:
    folder = home_folder(home)
    state = load(folder)
    if state is None:
        console.print(f"no stack in {folder}: run `holdfast up`", style="red")
        raise typer.Exit(1)
    return state
