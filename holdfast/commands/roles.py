"""`holdfast roles`: database roles and schemas, an operator's first act on a new server."""

import asyncio
import os
from typing import Annotated

import typer

from holdfast.stack.state import SERVICES

Superuser = Annotated[
    str,
    typer.Option(
        envvar="HOLDFAST_SUPERUSER_DATABASE_URL",
        help="postgresql://USER:PASSWORD@HOST:PORT/holdfast of a superuser",
        show_default=False,
    ),
]


def roles(superuser: Superuser) -> None:
    """Make each service's schema and its roles (migrate, web, worker); run it as often as you like.

    Passwords are those of HOLDFAST_<SERVICE>_<KIND>_DATABASE_URL, so that both sides agree.

    Example: holdfast roles && holdfast migrate && holdfast clock start
    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - keeps `holdfast --help` quick.

    from holdfast.roles import KINDS, bootstrap  # noqa: PLC0415

    passwords: dict[str, str] = {}
    for role in (f"{service}_{kind}" for service in SERVICES for kind in KINDS):
        variable = f"HOLDFAST_{role}_DATABASE_URL".upper()
        url = make_url(os.environ.get(variable) or "postgresql:///")
        if url.username != role or not url.password:
            raise typer.BadParameter(f"set {variable}=postgresql://{role}:PASSWORD@HOST:PORT/…")
        passwords[role] = url.password
    asyncio.run(bootstrap(superuser, passwords, SERVICES))
    print("\n".join(f"ready  {role}" for role in sorted(passwords)))
