"""`holdfast docs`: redraw every block and file that is drawn from code."""

from typing import Annotated

import typer

from holdfast.contracts import ROOT
from holdfast.draw.drawings import outdated, redraw


def docs(
    *, check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if old.")] = False
) -> None:
    """Redraw event flow, metrics, settings, requirements, AsyncAPI and manifests from the code.

    Example: holdfast docs --check
    """
    if check:
        old = outdated(ROOT)
        for path in old:
            print(f"out of date  {path}")
        print("run `make docs`" if old else "everything drawn is up to date")
        raise SystemExit(1 if old else 0)
    for path in redraw(ROOT):
        print(f"written  {path}")
