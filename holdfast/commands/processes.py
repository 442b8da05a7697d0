"""`holdfast worker SERVICE` and `holdfast migrate [SERVICE…]`: what the image runs."""

import importlib
import os
from typing import Annotated

import typer

from holdfast.stack.state import SERVICES


def worker(service: Annotated[str, typer.Argument(help=f"one of {', '.join(SERVICES)}")]) -> None:
    """Run a service's stream worker until SIGTERM.

    Settings come from the environment (HOLDFAST_…). It ends with 78 when its configuration or its
    input needs a person, with 71 when it stopped consuming.

    Example: holdfast worker points
    """
    if service not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}")
    importlib.import_module(f"services.{service}.worker").main()


def migrate(
    services: Annotated[list[str] | None, typer.Argument(help="all if left out")] = None,
) -> None:
    """Bring schemas to the newest revision, as the roles that own them.

    URLs come from HOLDFAST_<SERVICE>_MIGRATE_DATABASE_URL.

    Example: holdfast migrate points
    """
    from shared.migrations.runner import upgrade  # noqa: PLC0415 - Alembic is slow to import.

    for service in services or SERVICES:
        name = f"HOLDFAST_{service.upper()}_MIGRATE_DATABASE_URL"
        url = os.environ.get(name)
        if service not in SERVICES or url is None:
            raise typer.BadParameter(f"set {name}, and name one of {', '.join(SERVICES)}")
        upgrade(service, url)
        print(f"{service} is at its newest revision")
