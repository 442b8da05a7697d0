"""What pages use of others' work, copied from unpacked npm packages: files, licences, SHA-384.

    npm pack htmx.org@4.0.1 @tabler/core@1.6.1 @tabler/icons@3.52.0    (each unpacked to a folder)
    python -m holdfast.vendored FOLDER_OF_HTMX FOLDER_OF_TABLER FOLDER_OF_ICONS

Files stay byte for byte what their package holds; the sprite is put together from its icons. The
list is `vendored.json`, and a test compares it with the files.
"""

import base64
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

FOLDER = Path(str(resources.files("shared.web"))) / "static" / "vendor"
LIST = "vendored.json"
SPRITE = "icons.svg"
ICON_NAMES = "icons.txt"

# Tabler's package holds no licence file; this is the one its style sheet names.
_TABLER = "The MIT License (MIT)\n\nCopyright (c) 2018-2026 The Tabler Authors\n"


@dataclass(frozen=True)
class Package:
    """A package, what is taken of it, and under which licence."""

    folder: Path
    licence: str
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        described = json.loads((self.folder / "package.json").read_text())
        return f"{described['name']}@{described['version']}"


def sha384(content: bytes) -> str:
    """As HTML's `integrity` writes it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


def vendor(htmx: Path, tabler: Path, icons: Path, into: Path = FOLDER) -> None:
    """Copy the files, draw the sprite, write the list."""
    packages = [
        Package(htmx, "0BSD", ("dist/htmx.min.js", "dist/ext/hx-sse.min.js")),
        Package(tabler, "MIT", ("dist/css/tabler.min.css",)),
        Package(icons, "MIT", ()),
    ]
    listed = {
        name: {"package": package.name, "licence": package.licence}
        for package in packages
        for name in _copied(package, into)
    }
    wanted = (into / ICON_NAMES).read_text().split()
    (into / SPRITE).write_text(_sprite(icons, wanted))
    listed[SPRITE] = {"package": packages[-1].name, "licence": "MIT"}
    shutil.copyfile(htmx / "LICENSE", into / "LICENSE.htmx.txt")
    shutil.copyfile(icons / "LICENSE", into / "LICENSE.tabler-icons.txt")
    permission = (icons / "LICENSE").read_text().split("\n\n", 2)[2]
    (into / "LICENSE.tabler.txt").write_text(f"{_TABLER}\n{permission}")
    for name, entry in listed.items():
        entry["sha384"] = sha384((into / name).read_bytes())
    (into / LIST).write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n")


def _copied(package: Package, into: Path) -> Iterator[str]:
    for file in package.files:
        source = package.folder / file
        shutil.copyfile(source, into / source.name)
        yield source.name


def _sprite(icons: Path, names: list[str]) -> str:
    symbols = "\n".join(_symbol(icons, name) for name in sorted(names))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(icons: Path, name: str) -> str:
    """The strokes of one icon; size, colour and width are the page's."""
    drawn = (icons / "icons" / "outline" / f"{name}.svg").read_text()
    strokes = re.findall(r"<(?:path|circle|line|rect)[^>]*/>", drawn)
    shown = "".join(stroke for stroke in strokes if 'stroke="none"' not in stroke)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shown}</symbol>'


if __name__ == "__main__":
    vendor(*map(Path, sys.argv[1:]))
