"""Somebody asks why: an episode with its hits, their evidence, and what was suppressed (AL-13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.alerts.store import reading
from services.alerts.store.reading import EpisodeRow, HitRow, SuppressionRow
from shared.database import UnitOfWork


@dataclass(frozen=True)
class WholeEpisode:
    episode: EpisodeRow
    hits: Sequence[HitRow]
    suppressions: Sequence[SuppressionRow]


async def read_episode(episode_id: UUID, uow: UnitOfWork) -> WholeEpisode:
    """The whole of an episode.

    Raises:
        NotFound: there is none that the caller may know of.
    """
    episode = await reading.episode(uow.connection, episode_id)
    return WholeEpisode(
        episode,
        await reading.hits_of(uow.connection, episode_id),
        await reading.suppressions_of(uow.connection, episode),
    )
