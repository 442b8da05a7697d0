"""Where an operator's command finds a service's database: the environment, or the local stack."""

import os
from pathlib import Path

import typer

from holdfast.stack import parts
from holdfast.stack.state import SERVICES, home_folder, load


def database_url(service: str, kind: str, home: Path | None = None) -> str:
    """The URL of the role `<service>_<kind>`.

    Raises:
        typer.BadParameter: no such service, or neither a variable nor a stack names its database.
    """
    if service not in SERVICES:
        raise typer.BadParameter(f"no service {service}: one of {', '.join(SERVICES)}")
    name = f"HOLDFAST_{service}_{kind}_DATABASE_URL".upper()
    if url := os.environ.get(name):
        return url
    folder = home_folder(home)
    state = load(folder)
    if state is None:
        raise typer.BadParameter(f"no stack in {folder}: run `holdfast up`, or set {name}")
    return parts.role_url(state, service, kind)
