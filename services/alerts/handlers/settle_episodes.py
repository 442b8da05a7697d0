"""What falls due for an episode: its second proposal, or its end an hour after the call."""

from datetime import datetime

from services.alerts.domain.episode import Episode, close
from services.alerts.domain.outcome import ask_again
from services.alerts.domain.tell import contact_proposed, episode_closed
from services.alerts.store import episodes as store
from shared.database import UnitOfWork

CHUNK_ROWS = 200
REFUSED = "refused"


async def settle_due(now: datetime, uow: UnitOfWork) -> int:
    """Handle a chunk; the due time in the row is the moment of what follows."""
    due = await store.lock_due(uow.connection, now, rows=CHUNK_ROWS)
    await store.save(uow.connection, [_settled(episode, uow) for episode in due])
    return len(due)


def _settled(episode: Episode, uow: UnitOfWork) -> Episode:
    """What falls due first; if both are due, the next look handles the other."""
    again_at = episode.proposal.again_at if episode.proposal else None
    if again_at is None or (episode.settle_at is not None and episode.settle_at <= again_at):
        if episode.settle_at is None:
            raise ValueError(f"nothing of episode {episode.episode_id} falls due")
        closed = close(episode, REFUSED, episode.settle_at)
        uow.emit(episode_closed(closed, cause=None))
        return closed
    asked = ask_again(episode)
    uow.emit(contact_proposed(asked, again_at))
    return asked
