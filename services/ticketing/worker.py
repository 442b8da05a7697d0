"""The ticketing worker: its handlers behind the doorway."""

from collections.abc import Mapping

from services.ticketing.agents import AGENTS, POLLERS
from services.ticketing.domain.notices import Channel
from services.ticketing.handlers.carrying import Carrier
from services.ticketing.handlers.poll_deliveries import PostRoom
from services.ticketing.handlers.post_webhook import Poster
from services.ticketing.handlers.send_mail import Mailer, mail_server
from services.ticketing.settings import SCHEMA, WorkerSettings
from shared import stream
from shared.poller import Poller


def main() -> None:
    settings = WorkerSettings()  # pyright: ignore[reportCallIssue] - the environment fills it.
    post_room = PostRoom(_carriers(settings))
    stream.run_worker(
        stream.WorkerSettings(
            service="ticketing",
            kafka=settings.kafka,
            database_url=str(settings.ticketing_worker_database_url),
            health_port=settings.health_port,
            health_host=settings.health_host,
            schema=SCHEMA,
        ),
        AGENTS,
        (*POLLERS, Poller("ticketing-deliveries", post_room.poll)),
    )


def _carriers(settings: WorkerSettings) -> Mapping[Channel, Carrier]:
    """How branches are reached; mail only where there is a server for it."""
    secrets, networks = settings.webhook_secrets, settings.webhook_networks
    posts: dict[Channel, Carrier] = {
        Channel.WEBHOOK: Poster(secrets, networks, settings.public_url)
    }
    if settings.smtp is not None:
        server = mail_server(settings.smtp.get_secret_value())
        posts[Channel.MAIL] = Mailer(server, settings.mail_from, settings.public_url)
    return posts


if __name__ == "__main__":
    main()
