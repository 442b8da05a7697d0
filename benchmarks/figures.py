"""The form of every bench: a JSON line per figure on standard output, progress on the other."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

PACKAGES = ("asyncpg", "sqlalchemy", "pydantic", "faust-streaming", "aiokafka", "pyarrow")


@dataclass(frozen=True)
class Cpu:
    """CPU-seconds that a figure cost, by part; nought where a part took no share."""

    worker: float
    broker: float
    postgresql: float


@dataclass(frozen=True)
class Target:
    """What a figure must reach; one of the two."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def shown(self) -> Mapping[str, float]:
        return {name: limit for name, limit in asdict(self).items() if limit is not None}


def print_figure(
    figure: str,
    value: float,
    unit: str,
    *,
    target: Target,
    same_run: Mapping[str, float],
    cpu: Cpu,
) -> bool:
    """Print one figure beside its target and its yardsticks; whether it holds."""
    holds = target.holds(value)
    line = {
        "figure": figure,
        "value": round(value, 2),
        "unit": unit,
        "target": target.shown(),
        "holds": holds,
        "same_run": {name: round(measured, 2) for name, measured in same_run.items()},
        "cpu": {part: round(seconds, 2) for part, seconds in asdict(cpu).items()},
        "machine": _machine(),
        "versions": _versions(),
    }
    print(json.dumps(line), flush=True)
    return holds


def say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


def _machine() -> str:
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{os.cpu_count()} x {models[0] if models else platform.machine()}"


def _versions() -> Mapping[str, str]:
    return {"python": platform.python_version()} | {
        package: metadata.version(package) for package in PACKAGES
    }
