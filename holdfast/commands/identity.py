"""`holdfast identity`: who signs people in on this machine, as a part of the local stack."""

from pathlib import Path
from typing import Annotated

import typer


def identity(
    *,
    users: Annotated[
        Path, typer.Option(envvar="HOLDFAST_READY_USERS", help="The people, a JSON file.")
    ],
    port: Annotated[int, typer.Option(envvar="HOLDFAST_HEALTH_PORT", help="OIDC and /readyz.")],
) -> None:
    """Serve a provider that lets anybody of this machine sign in as a ready user; for trying only.

    Example: holdfast identity --users .holdfast/ready-users.json --port 9400
    """
    from holdfast.identity_provider import run  # noqa: PLC0415 - only the desk has what it needs.

    run(users, port)
