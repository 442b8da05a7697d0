"""Each API process knows every number's owners: loads the fold, then follows it (contracts §4)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.alerts.domain.identities import NOBODY, Identities
from services.alerts.store import identity, identity_topic
from services.alerts.store.identity import Assignment
from shared.errors import Unavailable
from shared.faults import back_off_seconds, is_worlds_fault
from shared.logging import get_logger

FOLLOW_SECONDS = 0.5
_BEFORE_ALL = (b"", datetime(1, 1, 1, tzinfo=UTC))

T = TypeVar("T")

log = get_logger(__name__)


class IdentityFollower:
    """Numbers' owners in memory; nothing is answered before all that was told is folded."""

    def __init__(self, engine: AsyncEngine, *, kafka: str, key_id: str) -> None:
        self._engine = engine
        self._kafka = kafka
        self._key_id = key_id
        self._identities: Identities | None = None
        self._version = ""

    def current(self) -> Identities:
        """All assignments as of half a second ago.

        Raises:
            Unavailable: the fold has not reached the topic's end as it was when we began.
        """
        if self._identities is None:
            raise Unavailable("Numbers' owners are still being loaded")
        return self._identities

    async def follow(self) -> None:
        """Load and follow until cancelled; whatever the world does meanwhile is waited out."""
        try:
            await self._follow()
        except Exception:
            # A bug: better no usage is taken than by owners that grow older and older.
            self._identities = None
            log.exception("identities_failed")
            raise

    async def _follow(self) -> None:
        ends = await _patiently(lambda: identity_topic.ends(self._kafka))
        while not await self._read(lambda open_: identity_topic.is_folded(open_, ends)):  # noqa: ASYNC110 - another process folds.
            await asyncio.sleep(FOLLOW_SECONDS)
        self._version = await self._read(identity.version)
        self._identities = await self._load()
        log.info("identities_loaded", assignments=len(self._identities.hashes))
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            self._identities = await self._news(self._identities)

    async def _load(self) -> Identities:
        loaded = NOBODY
        chunk = await self._page(_BEFORE_ALL)
        while chunk:
            loaded = await _merged(loaded, chunk)
            chunk = await self._page((chunk[-1].number_hash, chunk[-1].valid_from))
        return loaded

    async def _page(self, after: tuple[bytes, datetime]) -> list[Assignment]:
        return await self._read(lambda open_: identity.page(open_, after, key_id=self._key_id))

    async def _news(self, known: Identities) -> Identities:
        version, news = await self._read(self._changed)
        self._version = version
        return await _merged(known, news) if news else known

    async def _changed(self, connection: AsyncConnection) -> tuple[str, list[Assignment]]:
        version = await identity.version(connection)
        return version, await identity.since(connection, self._version, key_id=self._key_id)

    async def _read(self, ask: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def asked() -> T:
            async with self._engine.connect() as connection:
                return await ask(connection)

        return await _patiently(asked)


async def _merged(known: Identities, news: Sequence[Assignment]) -> Identities:
    """Beside the loop: sorting millions takes a second."""
    return await asyncio.to_thread(lambda: known.merged(Identities.of(news)))


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    attempt = 0
    while True:
        try:
            return await work()
        except Exception as error:
            if not (isinstance(error, KafkaError) or is_worlds_fault(error)):
                raise
            attempt += 1
            log.warning("identities_wait", attempt=attempt, error=f"{type(error).__name__}"[:300])
            await asyncio.sleep(back_off_seconds(attempt))
