"""`holdfast doctor`: what is wrong with the local stack, and what to type."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.stack.doctor import ROOM_MB, examine
from holdfast.stack.jars import NoJars
from holdfast.stack.state import home_folder, load


def doctor(
    *,
    home: Annotated[
        Path | None, typer.Option(help="The stack's folder; $HOLDFAST_HOME, else .holdfast here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    room: Annotated[int, typer.Option(min=0, help="MB that must be free on the disk.")] = ROOM_MB,
) -> None:
    """Check every part, and say for each fault what to type; ends with 1 if there is one.

    It changes nothing by itself.

    Example: holdfast doctor
    """
    folder = home_folder(home)
    state = load(folder)
    if state is None:
        print(f"no stack in {folder}: run `holdfast up`")
        raise typer.Exit(1)
    try:
        found = list(examine(state, room))
    except NoJars as missing:
        print(missing)
        raise typer.Exit(1) from missing
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in found:
            console.print(f"{finding.part}: {finding.what}", style="red", markup=False)
            console.print(f"    type: {finding.remedy}", style="bold", markup=False)
        if not found:
            console.print("every part does its work", style="green")
        elif folder != home_folder(None):
            console.print(f"    before: export HOLDFAST_HOME={folder}", style="bold", markup=False)
    if found:
        raise typer.Exit(1)
