"""The points worker: its handlers behind the doorway."""

from services.points.agents import AGENTS, POLLERS
from services.points.settings import SCHEMA, WorkerSettings
from shared import stream


def main() -> None:
    settings = WorkerSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    stream.run_worker(
        stream.WorkerSettings(
            service="points",
            kafka=settings.kafka,
            database_url=str(settings.points_worker_database_url),
            health_port=settings.health_port,
            health_host=settings.health_host,
            schema=SCHEMA,
        ),
        AGENTS,
        POLLERS,
    )


if __name__ == "__main__":
    main()
