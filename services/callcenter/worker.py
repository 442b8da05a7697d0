"""The callcenter worker: its handlers behind the doorway."""

from services.callcenter.agents import AGENTS, POLLERS
from services.callcenter.settings import SCHEMA, WorkerSettings
from shared import stream


def main() -> None:
    settings = WorkerSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    stream.run_worker(
        stream.WorkerSettings(
            service="callcenter",
            kafka=settings.kafka,
            database_url=str(settings.callcenter_worker_database_url),
            health_port=settings.health_port,
            health_host=settings.health_host,
            schema=SCHEMA,
        ),
        AGENTS,
        POLLERS,
    )


if __name__ == "__main__":
    main()
