"""`holdfast chaos`: break a running system on purpose; nothing may be lost or doubled."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer


def chaos(
    *,
    short: Annotated[bool, typer.Option(help="6 faults, 20,000 facts, no proxy.")] = False,
    seed: Annotated[int | None, typer.Option(help="Facts and faults follow from it.")] = None,
    faults: Annotated[int | None, typer.Option(min=1, help="How many faults.")] = None,
    facts: Annotated[int | None, typer.Option(min=1_000, help="How many facts.")] = None,
    toxiproxy: Annotated[
        bool | None, typer.Option(help="Cuts and delays through Toxiproxy (needs Go once).")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the verdict here as JSON.")] = None,
) -> None:
    """Feed points and alerts while workers, relays, Kafka and PostgreSQL are killed; then check.

    Exits 0 only if nothing was lost, doubled or out of order, no position ran ahead of its
    effects, and one undisturbed pass over the same log gives the same ledger and the same alerts.

    Example: holdfast chaos --short --seed 7
    """
    # Imported here, so that `holdfast --help` stays quick.
    from holdfast.chaos import run  # noqa: PLC0415
    from holdfast.chaos.checker import check  # noqa: PLC0415
    from holdfast.chaos.toxics import NoProxy  # noqa: PLC0415

    wishes = run.SHORT if short else run.FULL
    wishes = replace(
        wishes,
        seed=wishes.seed if seed is None else seed,
        faults=wishes.faults if faults is None else faults,
        facts=wishes.facts if facts is None else facts,
        toxiproxy=wishes.toxiproxy if toxiproxy is None else toxiproxy,
    )
    try:
        history = run.run(wishes, lambda line: typer.echo(line, err=True))
    except (NoProxy, run.PartFailed) as failure:
        typer.echo(f"seed {wishes.seed}: {failure}", err=True)
        raise typer.Exit(1) from failure
    verdict = check(history)
    typer.echo(verdict.as_text())
    if report is not None:
        report.write_text(verdict.as_json() + "\n")
    raise typer.Exit(0 if verdict.clean else 1)
