"""`holdfast worker SERVICE` and `holdfast migrate [SERVICE…]`: what the image runs."""

import importlib
from typing import Annotated

import typer

from holdfast.database_urls import database_url
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
    """Bring schemas and the organisation tree to the newest revision, as the roles that own them.

    URLs come from HOLDFAST_<SERVICE>_MIGRATE_DATABASE_URL, else from the local stack.

    Example: holdfast migrate points
    """
    from holdfast import organisation  # noqa: PLC0415 - drivers are slow to import.
    from shared.migrations.runner import upgrade  # noqa: PLC0415 - Alembic, too.

    for service in services or SERVICES:
        url = database_url(service, "migrate")
        upgrade(service, url)
        organisation.load_into(url)
        print(f"{service} is at its newest revision")
