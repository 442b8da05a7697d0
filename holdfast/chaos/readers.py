"""The services under test: whose workers run, and what they read of the log."""

from dataclasses import dataclass

from holdfast.chaos import alert_findings, findings
from holdfast.chaos.observer import Where
from holdfast.chaos.parts import ALERTS_WORKER
from shared.events.catalogue import Topic


@dataclass(frozen=True)
class Reader:
    """A service, its workers' module, and its topics."""

    service: str
    module: str
    topics: tuple[Topic, ...]

    def reads(self, where: Where) -> bool:
        return where[0] in {topic.name for topic in self.topics}


def readers_of(points_worker: str, *, alerts: bool) -> tuple[Reader, ...]:
    """Points always; a run that shows a bug of points alone goes without alerts."""
    points = Reader("points", points_worker, findings.IN_TOPICS)
    beside = Reader(alert_findings.SERVICE, ALERTS_WORKER, alert_findings.IN_TOPICS)
    return (points, beside) if alerts else (points,)
