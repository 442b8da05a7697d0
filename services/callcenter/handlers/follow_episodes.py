"""Episodes and the evidence of their alerts: why a manager calls now (AL-27)."""

from services.callcenter.store import follow
from shared.database import UnitOfWork
from shared.events.alerts import AlertRaised, EpisodeClosed, EpisodeOpened


async def on_alert_raised(raised: AlertRaised, uow: UnitOfWork) -> None:
    await follow.add_alert(uow.connection, raised)


async def on_episode_opened(opened: EpisodeOpened, uow: UnitOfWork) -> None:
    await follow.open_episode(uow.connection, opened)


async def on_episode_closed(closed: EpisodeClosed, uow: UnitOfWork) -> None:
    await follow.close_episode(uow.connection, closed)
