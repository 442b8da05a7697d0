"""From a fact in Kafka to the fact it causes, readable in Kafka, through one service's worker."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from figures import Target, print_figure, say
from servers import Meter, running, used
from traffic import Pace, echoes

from holdfast.chaos.parts import Worker
from shared.events.event import Event

READY_SECONDS = 60.0


def measure(
    service: str,
    facts: Sequence[Event],
    pace: Pace,
    *,
    effect: type[Event],
    figure: str,
    target: Target,
) -> bool:
    """Print the 99th percentile of a service; whether it holds."""
    with running(service) as parts:
        worker = parts.start_worker(f"services.{service}.worker")
        wait_ready(worker)
        meter = Meter(parts, worker)
        kafka, warm = parts.broker.address, pace.per_second * pace.warm_up_seconds
        say(f"warming up with {warm} facts")
        asyncio.run(echoes(kafka, facts[:warm], effect=effect, pace=pace))
        say(f"{pace.per_second} a second for {pace.seconds} s")
        before = meter.read()
        heard = asyncio.run(echoes(kafka, facts[warm:], effect=effect, pace=pace))
        cpu = used(before, meter.read())
    return print_figure(
        figure,
        heard.percentile(0.99),
        f"ms, 99th percentile at {pace.per_second} a second",
        target=target,
        same_run={
            "p50_ms": heard.percentile(0.5),
            "p90_ms": heard.percentile(0.9),
            "worst_ms": heard.percentile(1.0),
            "facts": len(heard.seconds),
            "not_heard": heard.given_up,
            "worker_cpu_ms_per_fact": 1_000
            * cpu.worker
            / max(1, len(heard.seconds) - heard.given_up),
        },
        cpu=cpu,
    )


def wait_ready(worker: Worker) -> None:
    """Until the worker owns partitions and polls.

    Raises:
        TimeoutError: it does not.
    """
    deadline = time.monotonic() + READY_SECONDS
    while not _ready(worker):
        if time.monotonic() > deadline or not worker.alive():
            raise TimeoutError(f"the worker is not ready; its log ends:\n{worker.last_words()}")
        time.sleep(0.1)


def _ready(worker: Worker) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.health_port}/readyz", timeout=2):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False
