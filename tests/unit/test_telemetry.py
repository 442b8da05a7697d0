"""The list of metrics is closed, safe to scrape for years, and every one of it is moved by code."""

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from shared import telemetry
from shared.metrics import MetricDefinition
from shared.telemetry import METRICS

ROOT = Path(__file__).resolve().parents[2]

# What a label may say. Each has few values, and none leads to a person.
LABELS_ALLOWED = {
    "act",
    "answer",
    "channel",
    "disposition",
    "inbound",
    "kind",
    "operation",
    "order_type",
    "outcome",
    "partition",
    "poller",
    "process",
    "reason",
    "result",
    "rule",
    "service",
    "source",
    "state",
    "status",
    "table",
    "topic",
    "type",
    "version",
}

metric = pytest.mark.parametrize("definition", METRICS, ids=lambda d: d.name)


def variables() -> dict[str, str]:
    """The accessor of every metric: RECORDS_CONSUMED -> holdfast_records_consumed."""
    found = {name: getattr(value, "_name", None) for name, value in vars(telemetry).items()}
    return {name: full for name, full in found.items() if full and name.isupper()}


@metric
def test_no_label_leads_to_a_person(definition: MetricDefinition) -> None:
    assert set(definition.labels) <= LABELS_ALLOWED


@metric
def test_a_name_is_prefixed_and_says_its_unit_last(definition: MetricDefinition) -> None:
    assert re.fullmatch(r"holdfast_[a-z_]+", definition.name)
    assert definition.name.endswith("_total") == (definition.kind == "counter")
    if definition.kind == "histogram":
        assert definition.name.endswith("_seconds")


@metric
def test_a_metric_says_what_it_means_and_what_to_do(definition: MetricDefinition) -> None:
    assert definition.meaning.endswith(".") or definition.name == "holdfast_process"
    assert len(definition.action) > 20


def test_the_list_is_closed() -> None:
    exposed = {family.name for family in REGISTRY.collect() if family.name.startswith("holdfast_")}

    assert exposed == {definition.name.removesuffix("_total") for definition in METRICS}
    assert len(METRICS) == len({definition.name for definition in METRICS}) >= 25


@pytest.mark.parametrize("name", sorted(variables()))
def test_every_metric_is_moved_by_some_code(name: str) -> None:
    folders = (ROOT / folder for folder in ("shared", "services", "holdfast"))
    sources = [path for folder in folders for path in folder.rglob("*.py")]

    assert sources
    moved = re.compile(rf"\b(telemetry\.)?{name}\.(labels|inc|set|set_function|observe)\b")
    assert any(moved.search(path.read_text()) for path in sources), (
        f"nothing moves {name}: move it or take it from the list"
    )
