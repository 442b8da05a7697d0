"""`holdfast token ROLE ORG`: a token of the local stack's issuer, for curl and for scripts."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from holdfast.tokens import HOURS_MAX, NoIssuer, mint, open_issuer
from shared.events.event import OrganisationCode
from shared.identity import Caller, Role


def token(
    role: Annotated[Role, typer.Argument(help="what the bearer may be")],
    org: Annotated[str, typer.Argument(help="organisation code: 2, 4, 6 or 9 digits")],
    *,
    subject: Annotated[str, typer.Option(help="who it is; the role's name if left out")] = "",
    name: Annotated[str, typer.Option(help="how pages call them; the subject if left out")] = "",
    hours: Annotated[float, typer.Option(min=0.01, max=HOURS_MAX)] = 1,
    home: Annotated[Path | None, typer.Option(help="the stack's folder")] = None,
) -> None:
    """Print a token for one role in one organisation.

    Example: curl -H "Authorization: Bearer $(holdfast token points_operator 990101)" …
    """
    try:
        TypeAdapter(OrganisationCode).validate_python(org)
    except ValidationError as error:
        raise typer.BadParameter("an organisation code has 2, 4, 6 or 9 digits") from error
    folder = home or Path(os.environ.get("HOLDFAST_HOME", ".holdfast"))
    who = subject or role.value
    caller = Caller(subject=who, name=name or who, roles=frozenset({role}), organisation=org)
    try:
        print(mint(open_issuer(folder), caller, hours=hours))
    except NoIssuer as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(1) from missing
