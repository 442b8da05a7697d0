"""Everything that is drawn, and whether the tree still shows it as the code has it."""

from collections.abc import Mapping
from pathlib import Path

from holdfast.draw import (
    asyncapi,
    event_flow,
    manifests,
    metrics,
    requirements,
    settings,
    work_orders,
)

DRAWERS = (
    asyncapi.drawn,
    event_flow.drawn,
    manifests.drawn,
    metrics.drawn,
    requirements.drawn,
    settings.drawn,
    work_orders.drawn,
)


def drawings() -> dict[str, str]:
    """Every drawn file's text by its path from the project's root."""
    return {path: text for drawn in DRAWERS for path, text in drawn().items()}


def outdated(root: Path) -> list[str]:
    """The paths whose text in the tree differs from what the code draws."""
    return [path for path, text in drawings().items() if _present(root / path) != text]


def redraw(root: Path) -> list[str]:
    """Write what differs; the paths written."""
    return write(root, drawings())


def write(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write these drawn files where they differ; the paths written."""
    written: list[str] = []
    for path, text in texts.items():
        file = root / path
        if _present(file) != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            written.append(path)
    return written


def _present(file: Path) -> str | None:
    return file.read_text() if file.exists() else None
