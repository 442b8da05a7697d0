"""The alerts worker: its handlers behind the doorway."""

from services.alerts.agents import AGENTS, POLLERS
from services.alerts.settings import SCHEMA, WorkerSettings
from shared import stream


def main() -> None:
    settings = WorkerSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    stream.run_worker(
        stream.WorkerSettings(
            service="alerts",
            kafka=settings.kafka,
            database_url=str(settings.alerts_worker_database_url),
            health_port=settings.health_port,
            schema=SCHEMA,
        ),
        AGENTS,
        POLLERS,
    )


if __name__ == "__main__":
    main()
