"""`holdfast api [SERVICE…]`: one web process for some services, or for all that there are."""

from typing import Annotated

import typer
from pydantic import ValidationError

from holdfast.web_process import Address, run, web_services
from shared.jwks import KeysUnreadable
from shared.revision import SchemaMismatch
from shared.web.operations import PolicyGap
from shared.web.pages.sessions import WeakKey

CONFIGURATION = 78  # the supervisor does not start it again before somebody mends the cause


def api(
    services: Annotated[
        list[str] | None,
        typer.Argument(help="alerts, points, ticketing, callcenter, home; default all"),
    ] = None,
    *,
    host: Annotated[str, typer.Option(envvar="HOLDFAST_HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="HOLDFAST_PORT")] = 8080,
    health_port: Annotated[
        int, typer.Option(envvar="HOLDFAST_HEALTH_PORT", help="/livez, /readyz, /metrics")
    ] = 9100,
    health_host: Annotated[
        str, typer.Option(envvar="HOLDFAST_HEALTH_HOST", help="0.0.0.0 lets others look")
    ] = "127.0.0.1",
) -> None:
    """Serve HTTP: pages, /points/v1/…, /points/openapi.json; health and metrics on their own port.

    Example: holdfast api points --port 8080
    """
    known = web_services()
    chosen = tuple(services or known)
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: one of {', '.join(known)}")
    try:
        run(chosen, Address(host, port, health_port, health_host))
    except (SchemaMismatch, KeysUnreadable, PolicyGap, WeakKey) as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(CONFIGURATION) from reason
    except ValidationError as missing:
        names = ", ".join(f"HOLDFAST_{str(e['loc'][0]).upper()}" for e in missing.errors())
        typer.echo(f"set {names}", err=True)
        raise typer.Exit(CONFIGURATION) from missing
