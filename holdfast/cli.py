"""`holdfast`: the one command; each subcommand is a module of holdfast.commands."""

import ast
import importlib
import sys
from pathlib import Path

import typer

# Subcommand → module of holdfast.commands; a module with `app` has subcommands of its own.
COMMANDS = {
    "up": "stack",
    "down": "stack",
    "status": "stack",
    "restart": "stack",
    "logs": "stack",
    "demo": "demo",
    "simulate": "simulate",
    "ingest": "ingest",
    "doctor": "doctor",
    "worker": "processes",
    "migrate": "processes",
    "maintain": "maintain",
    "api": "api",
    "identity": "identity",
    "mailbox": "mailbox",
    "roles": "roles",
    "clock": "clock",
    "topics": "topics",
    "trace": "trace",
    "deadletters": "deadletters",
    "positions": "positions",
    "outbox": "outbox",
    "token": "token",
    "audit": "audit",
    "chaos": "chaos",
    "contracts": "contracts",
    "docs": "docs",
    "requirements": "requirements",
    "translations": "translations",
}


def build(wanted: str | None) -> typer.Typer:
    """The command line with the wanted subcommand, or with all of them."""
    app = _empty()
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


def outline() -> typer.Typer:
    """The list that `holdfast --help` shows, read from the modules without importing them."""
    app = _empty()
    for name, place in COMMANDS.items():
        app.command(name, help=_told(place, name))(lambda: None)
    return app


def _empty() -> typer.Typer:
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

    return app


def _told(place: str, name: str) -> str:
    """What a command says of itself: its function's docstring, or the `help` of its group."""
    source = (Path(__file__).parent / "commands" / f"{place}.py").read_text()
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=defined) if defined == name:
                return ast.get_docstring(node) or ""
            case ast.Assign(targets=[ast.Name(id="app")], value=ast.Call(keywords=keywords)):
                return next(str(ast.literal_eval(k.value)) for k in keywords if k.arg == "help")
            case _:
                pass
    raise LookupError(f"holdfast.commands.{place} defines neither `{name}` nor `app`")


def main() -> None:
    words = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    (build(words[0]) if words and words[0] in COMMANDS else outline())()
