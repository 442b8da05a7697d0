"""Hits and outcomes of a slice of the log, in its order: into episodes, and out as facts."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from services.alerts.domain.episode import Episode, Joined, join
from services.alerts.domain.outcome import Outcome, decide
from services.alerts.domain.tell import alert_raised, episode_closed, told_of
from services.alerts.engine.hits import Hit
from services.alerts.store import episodes as episode_store
from services.alerts.store import hits as store
from shared import telemetry
from shared.database import UnitOfWork

COOL_DOWN = "cool_down"


async def take_effect(effects: Sequence[Hit | Outcome], uow: UnitOfWork) -> None:
    """Group, answer, close and tell; a hit that was told before brings nothing."""
    hits = [effect for effect in effects if isinstance(effect, Hit)]
    told = await store.known(uow.connection, hits)
    await store.suppress(uow.connection, [hit for hit in hits if hit.suppressed], COOL_DOWN)
    fresh = [
        effect
        for effect in effects
        if not isinstance(effect, Hit) or not (effect.suppressed or effect.alert_id in told)
    ]
    customers = [effect.customer_id for effect in fresh]
    if not customers:
        return
    open_ones = await episode_store.lock_open(uow.connection, customers)
    decided = _Decided(open_ones)
    for effect in _once(fresh):
        decided.take(effect, uow)
    await episode_store.save(uow.connection, decided.changed())
    await store.insert(
        uow.connection,
        [joined.hit for joined in decided.joined],
        [alert_raised(joined) for joined in decided.joined],
    )
    uow.after_commit(decided.count)


def _once(effects: Sequence[Hit | Outcome]) -> Iterator[Hit | Outcome]:
    """Two contracts of one customer that come within reach together are one alert."""
    seen: set[object] = set()
    for effect in effects:
        key = effect.alert_id if isinstance(effect, Hit) else effect.event_id
        if key not in seen:
            seen.add(key)
            yield effect


class _Decided:
    """The episodes as they change, effect by effect."""

    def __init__(self, open_ones: dict[int, Episode]) -> None:
        self.joined: list[Joined] = []
        self._open = open_ones
        self._changed: dict[object, Episode] = {}

    def take(self, effect: Hit | Outcome, uow: UnitOfWork) -> None:
        episode = self._open.get(effect.customer_id)
        if isinstance(effect, Hit):
            joined = join(effect, episode)
            self.joined.append(joined)
            self._keep(joined.episode)
            for fact in told_of(joined):
                uow.emit(fact)
            return
        after = decide(episode, effect) if episode else None
        if after is None:
            return
        self._keep(after)
        if after.closed_at:
            uow.emit(episode_closed(after, cause=effect))

    def _keep(self, episode: Episode) -> None:
        self._changed[episode.episode_id] = episode
        if episode.closed_at:
            self._open.pop(episode.customer_id, None)
        else:
            self._open[episode.customer_id] = episode

    def changed(self) -> list[Episode]:
        return list(self._changed.values())

    def count(self) -> None:
        rules = sorted(joined.hit.rule for joined in self.joined)
        for rule, group in groupby(rules):
            telemetry.HITS.labels(rule=rule).inc(len(list(group)))
