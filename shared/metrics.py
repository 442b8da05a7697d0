"""How a metric is declared: once, with what it means and what to do when it moves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from prometheus_client import Counter, Gauge, Histogram

Kind = Literal["counter", "gauge", "histogram"]
M = TypeVar("M", Counter, Gauge, Histogram)

# From a fast statement to the transaction limit, and beyond it to a lost minute.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)


@dataclass(frozen=True)
class MetricDefinition:
    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    action: str


DECLARED: list[MetricDefinition] = []


def _declare(make: Callable[[], M], definition: MetricDefinition) -> M:
    DECLARED.append(definition)
    return make()


def counter(name: str, labels: tuple[str, ...], meaning: str, action: str) -> Counter:
    definition = MetricDefinition(f"{name}_total", "counter", labels, meaning, action)
    return _declare(lambda: Counter(name, meaning, labels), definition)


def gauge(name: str, labels: tuple[str, ...], meaning: str, action: str) -> Gauge:
    definition = MetricDefinition(name, "gauge", labels, meaning, action)
    return _declare(lambda: Gauge(name, meaning, labels), definition)


def histogram(name: str, labels: tuple[str, ...], meaning: str, action: str) -> Histogram:
    definition = MetricDefinition(name, "histogram", labels, meaning, action)
    return _declare(lambda: Histogram(name, meaning, labels, buckets=SECONDS), definition)
