"""Everything that is drawn, and whether the tree still shows it as the code has it."""

from pathlib import Path

from holdfast.draw import asyncapi, event_flow, manifests

DRAWERS = (asyncapi.drawn, event_flow.drawn, manifests.drawn)


def drawings() -> dict[str, str]:
    """Every drawn file's text by its path from the project's root."""
    return {path: text for drawn in DRAWERS for path, text in drawn().items()}


def redraw(root: Path) -> list[str]:
    """Write what differs; the paths written."""
    written: list[str] = []
    for path, text in drawings().items():
        file = root / path
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            written.append(path)
    return written
