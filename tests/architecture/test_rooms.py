"""Every service has the rooms of the style guide and no others; wiring alone reads settings."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from sources import ROOT, named, python_files, service_folders

ROOMS = {
    "__init__.py",
    "app.py",
    "worker.py",
    "settings.py",
    "api.py",
    "api",
    "pages.py",
    "pages",
    "templates",
    "locale",
    "agents.py",
    "handlers",
    "store.py",
    "store",
    "tables.py",
    "domain",
    "migrations",
}
# What two services are for, beside their rules.
OWN_ROOM = {"alerts": "engine", "points": "ledger"}
NEEDED = {
    "__init__.py",
    "worker.py",
    "settings.py",
    "agents.py",
    "handlers",
    "domain",
    "migrations",
}
WIRING = {"app.py", "worker.py", "settings.py"}

FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|base|misc|manager|processor)(_|\.|$)")

every_service = pytest.mark.parametrize("folder", service_folders(), ids=lambda p: p.name)


def rooms(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "__pycache__"}


def test_services_were_found() -> None:
    assert {folder.name for folder in service_folders()} >= {"points"}


@every_service
def test_a_service_has_the_agreed_rooms_and_no_others(folder: Path) -> None:
    found = rooms(folder)

    assert found <= ROOMS | {OWN_ROOM.get(folder.name, "domain")}, "an unknown room"
    assert found >= NEEDED, "a room is missing"


@every_service
def test_a_services_import_layers_are_checked(folder: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [contract for contract in contracts if contract["type"] == "layers"]

    assert f"services.{folder.name}" in layers["containers"]
    assert layers["exhaustive"]


@every_service
def test_a_service_says_what_it_decides(folder: Path) -> None:
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))

    assert docstring
    assert len(docstring) > 40


@every_service
def test_a_handler_is_named_after_its_trigger(folder: Path) -> None:
    agents = ast.parse((folder / "agents.py").read_text())
    used = {alias.name for node in ast.walk(agents) for alias in imported(node)}

    modules = {path.stem for path in (folder / "handlers").glob("on_*.py")}
    assert modules
    assert modules <= used, "a handler of a fact that no agent calls"


def imported(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.ImportFrom) else []


def test_every_module_is_named_for_what_it_knows() -> None:
    # What all schemas have in common is called that.
    paths = [path.relative_to(ROOT) for path in python_files()]
    ours = [path for path in paths if "migrations" not in path.parts]

    assert [str(path) for path in ours if any(map(FORBIDDEN_NAMES.search, path.parts))] == []


def test_only_wiring_reads_settings_and_the_environment() -> None:
    readers = [
        named(path)
        for path in python_files()
        if path.is_relative_to(ROOT / "services") or path.is_relative_to(ROOT / "shared")
        if re.search(r"os\.environ|os\.getenv|BaseSettings|Settings\(\)", path.read_text())
        and path.name not in WIRING
    ]

    assert readers == []


def test_every_setting_is_used_by_the_wiring() -> None:
    for folder in service_folders():
        wiring = "".join((folder / name).read_text() for name in WIRING if (folder / name).exists())
        fields = settings_fields(folder / "settings.py")
        assert fields
        assert [name for name in fields if f".{name}" not in wiring] == []


def settings_fields(path: Path) -> list[str]:
    return [
        node.target.id
        for kind in ast.parse(path.read_text()).body
        if isinstance(kind, ast.ClassDef)
        for node in kind.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
