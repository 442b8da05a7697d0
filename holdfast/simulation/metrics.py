"""What processes say of themselves on their health ports: counts and latencies by stage."""

import asyncio
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException

from prometheus_client.parser import text_string_to_metric_families

from holdfast.stack import parts
from holdfast.stack.state import SERVICES, StackState

TIMEOUT_SECONDS = 3.0
# Every part is on this machine: a proxy that the environment names has nothing to do with it.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Labels = tuple[tuple[str, str], ...]


@dataclass
class Scrape:
    """All samples of all processes, added up over processes."""

    samples: dict[tuple[str, Labels], float] = field(
        default_factory=dict[tuple[str, Labels], float]
    )

    def total(self, name: str, **labels: str) -> float:
        """The sum over all series that have these labels."""
        return sum(value for _, value in self._of(name, labels))

    def are_read(self, topics: Iterable[str]) -> bool:
        """Nothing waits in them. A worker that is away or not yet ready says nothing of that."""
        ready = self.total("holdfast_ready") == len(SERVICES)
        lags = (self.total("holdfast_position_lag", topic=topic) for topic in topics)
        return ready and not any(lags)

    def quantile(self, name: str, share: float, **labels: str) -> float | None:
        """The upper bound of the histogram's bucket in which `share` of the events lie."""
        buckets: dict[float, float] = {}
        for found, value in self._of(f"{name}_bucket", labels):
            bound = float(dict(found)["le"])
            buckets[bound] = buckets.get(bound, 0.0) + value
        whole = buckets.get(float("inf"), 0.0)
        if not whole:
            return None
        return next(bound for bound in sorted(buckets) if buckets[bound] >= share * whole)

    def _of(self, name: str, labels: Mapping[str, str]) -> Iterator[tuple[Labels, float]]:
        wanted = labels.items()
        for (known, found), value in self.samples.items():
            if known == name and wanted <= dict(found).items():
                yield found, value


async def scrape(state: StackState) -> Scrape:
    """One reading of every process that answers."""
    ports = [state.part(part.name).health_port for part in parts.services(state)]
    texts = await asyncio.gather(*(asyncio.to_thread(said_at, port) for port in ports))
    found = Scrape()
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                found.samples[key] = found.samples.get(key, 0.0) + sample.value
    return found


def said_at(port: int) -> str:
    """Nothing from a process that is away or ends in the middle: the view shows what is there."""
    try:
        address = f"http://127.0.0.1:{port}/metrics"
        with _OPENER.open(address, timeout=TIMEOUT_SECONDS) as answer:
            return answer.read().decode()
    except (OSError, HTTPException):
        return ""
