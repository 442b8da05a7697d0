"""`holdfast`: the one command; each subcommand is a module of holdfast.commands."""

import importlib
import sys

import typer

# Subcommand → module of holdfast.commands; a module with `app` has subcommands of its own.
COMMANDS = {
    "up": "stack",
    "down": "stack",
    "status": "stack",
    "restart": "stack",
    "logs": "stack",
    "worker": "processes",
    "migrate": "processes",
    "api": "api",
    "roles": "roles",
    "clock": "clock",
    "topics": "topics",
    "token": "token",
    "audit": "audit",
    "chaos": "chaos",
    "contracts": "contracts",
    "docs": "docs",
    "requirements": "requirements",
}


def build(wanted: str | None) -> typer.Typer:
    """The command line; only the wanted subcommand is imported, all of them for `--help`."""
    app = typer.Typer(
        name="holdfast",
        help="Customer retention for telecom operators: local stack, processes, ledger, checks.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # locals may hold secrets
    )

    @app.callback()
    def root() -> None:  # pyright: ignore[reportUnusedFunction] - typer holds it.
        """Without a callback a single command would swallow its own name."""

    for name, place in COMMANDS.items():
        if wanted in COMMANDS and name != wanted:
            continue
        module = importlib.import_module(f"holdfast.commands.{place}")
        group = getattr(module, "app", None)
        if isinstance(group, typer.Typer):
            app.add_typer(group, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    build(arguments[0] if arguments else None)()
