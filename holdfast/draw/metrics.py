"""docs/metrics.md: the closed list of metrics, what each means and what to do when it moves."""

from holdfast.contracts import ROOT
from holdfast.draw.blocks import with_block
from shared.metrics import MetricDefinition
from shared.telemetry import METRICS

DOCUMENT = "docs/metrics.md"
BLOCK = "metrics"


def drawn() -> dict[str, str]:
    """The document with its block drawn anew."""
    head = ["| metric | kind | labels | meaning | when it moves |", "|---|---|---|---|---|"]
    body = "\n".join([*head, *(_row(definition) for definition in METRICS)])
    return {DOCUMENT: with_block((ROOT / DOCUMENT).read_text(), BLOCK, body)}


def _row(metric: MetricDefinition) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} | {metric.action} |"
