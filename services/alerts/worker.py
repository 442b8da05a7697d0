"""The alerts worker: its handlers behind the doorway, its rows behind the usage log."""

import gc

from services.alerts.agents import AGENTS, POLLERS
from services.alerts.engine.memory import forget_the_start, reuse_pages
from services.alerts.engine.warm_up import warm_up
from services.alerts.handlers.hold_usage_rows import UsageFold
from services.alerts.settings import SCHEMA, WorkerSettings
from services.alerts.store.snapshots import Snapshots
from shared import stream


def main() -> None:
    reuse_pages()
    settings = WorkerSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    warm_up()
    # What was imported stays for good: no collection needs to walk through it again.
    gc.collect()
    gc.freeze()
    forget_the_start()
    stream.run_worker(
        stream.WorkerSettings(
            service="alerts",
            kafka=settings.kafka,
            database_url=str(settings.alerts_worker_database_url),
            health_port=settings.health_port,
            health_host=settings.health_host,
            schema=SCHEMA,
        ),
        AGENTS,
        POLLERS,
        [UsageFold(Snapshots(settings.checkpoints))],
    )


if __name__ == "__main__":
    main()
