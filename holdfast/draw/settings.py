"""docs/settings.md: what each process of a service is told by its environment."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from holdfast.contracts import ROOT
from holdfast.draw.blocks import with_block

DOCUMENT = "docs/settings.md"
BLOCK = "settings"


def drawn() -> dict[str, str]:
    """The document with its block drawn anew."""
    head = ["| variable | read by | type | default |", "|---|---|---|---|"]
    rows = [
        _row(kind, name, field)
        for kind in settings_classes()
        for name, field in kind.model_fields.items()
    ]
    body = "\n".join([*head, *rows])
    return {DOCUMENT: with_block((ROOT / DOCUMENT).read_text(), BLOCK, body)}


def settings_classes() -> Iterator[type[BaseSettings]]:
    """Every settings class of every service, by service and name; then those of the pages."""
    home = ROOT / "shared" / "web" / "home" / "settings.py"
    for path in (*sorted((ROOT / "services").glob("*/settings.py")), home):
        module = importlib.import_module(_module_name(path))
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, BaseSettings) and kind.__module__ == module.__name__:
                yield kind


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _row(kind: type[BaseSettings], name: str, field: FieldInfo) -> str:
    variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper()
    service = kind.__module__.split(".")[-2]
    process = kind.__name__.removesuffix("Settings").lower().replace(service, "web")
    default = "none: must be set" if field.is_required() else f"`{field.default}`"
    return f"| `{variable}` | {service} {process} | {_type(field)} | {default} |"


def _type(field: FieldInfo) -> str:
    return str(getattr(field.annotation, "__name__", field.annotation)).replace("|", "or")
