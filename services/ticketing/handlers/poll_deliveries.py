"""What branches are told leaves: claimed, sent while no transaction is open, settled.

Each destination has a lane: the mail server one, every endpoint one. Whoever hangs holds up its own
lane alone. A process that ends leaves its claims to their leases: they are sent again, under the
same Message-ID or webhook-id.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.ticketing.domain.delivering import Answer, Outcome, next_wait
from services.ticketing.domain.notices import Channel
from services.ticketing.handlers.carrying import Carried, Carrier
from services.ticketing.store import deliveries
from services.ticketing.store.deliveries import Parcel, Receipt
from shared import telemetry
from shared.database import UnitOfWork
from shared.logging import get_logger

LANES_MAX = 8  # destinations at once
BATCH: Mapping[Channel, int] = {Channel.MAIL: 50, Channel.WEBHOOK: 8}
BATCH_SECONDS = 30.0
LEASE_SECONDS = 60.0  # twice a batch's time: nobody sends what is still being sent
LOOK_SECONDS = 1.0  # between two looks while there is nothing; each costs a transaction
PAUSE_FIRST_SECONDS, PAUSE_LAST_SECONDS = 1.0, 30.0
UNANSWERED = Answer(Outcome.RETRY, f"no answer within {BATCH_SECONDS:.0f} s")

log = get_logger(__name__)


@dataclass
class Pause:
    """A destination that gave no answer at all rests, each time twice as long."""

    seconds: float = PAUSE_FIRST_SECONDS
    until: float = 0.0

    def prolong(self) -> None:
        self.until = time.monotonic() + self.seconds
        self.seconds = min(2 * self.seconds, PAUSE_LAST_SECONDS)


@dataclass
class PostRoom:
    """The lanes of one worker; a channel without a carrier waits until there is one."""

    carriers: Mapping[Channel, Carrier]
    look_seconds: float = LOOK_SECONDS
    _lanes: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _pauses: dict[str, Pause] = field(default_factory=dict[str, Pause])
    _receipts: list[Receipt] = field(default_factory=list[Receipt])
    _look_at: float = 0.0

    async def poll(self, _now: datetime, uow: UnitOfWork) -> int:
        """Settle what has come back and claim what is due; how much that was together."""
        receipts = list(self._receipts)
        if not receipts and time.monotonic() < self._look_at:
            return 0
        if receipts:
            await _settle(receipts, uow)
        claimed: dict[str, list[Parcel]] = {}
        for destination in await self._free(uow):
            claimed[destination] = await deliveries.claim(
                uow.connection,
                destination,
                most=BATCH[_channel_of(destination)],
                lease_seconds=LEASE_SECONDS,
            )

        def committed() -> None:
            del self._receipts[: len(receipts)]
            for destination, parcels in claimed.items():
                self._start(destination, parcels)

        uow.after_commit(committed)
        handled = len(receipts) + sum(map(len, claimed.values()))
        self._look_at = 0.0 if handled else time.monotonic() + self.look_seconds
        return handled

    async def _free(self, uow: UnitOfWork) -> list[str]:
        """Destinations with something due and a lane for it."""
        lanes = LANES_MAX - len(self._lanes)
        if lanes <= 0 or not self.carriers:
            return []
        now = time.monotonic()
        resting = [name for name, pause in self._pauses.items() if pause.until > now]
        found = await deliveries.due_destinations(uow.connection, [*self._lanes, *resting])
        return [name for name in found if _channel_of(name) in self.carriers][:lanes]

    def _start(self, destination: str, parcels: Sequence[Parcel]) -> None:
        if parcels:
            lane = asyncio.create_task(self._carry(destination, parcels), name=destination)
            self._lanes[destination] = lane

    async def _carry(self, destination: str, parcels: Sequence[Parcel]) -> None:
        carried = Carried(parcels)
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                await self.carriers[_channel_of(destination)].carry(parcels, carried)
        except TimeoutError:
            log.warning("deliveries_unanswered", destination=destination)
        except Exception:
            # A bug of ours with one parcel must not end the worker, nor be tried without end.
            log.exception("deliveries_failed", destination=destination)
            carried.rest(Answer(Outcome.RETRY, "it could not be sent: see the worker's log"))
        finally:
            del self._lanes[destination]
        carried.rest(UNANSWERED)
        self._receipts += [_receipt(one, *carried.answers[one.delivery_id]) for one in parcels]
        self._rest_or_go_on(destination, carried)

    def _rest_or_go_on(self, destination: str, carried: Carried) -> None:
        silent = all(
            answer.outcome is Outcome.RETRY and answer.status is None
            for answer, _ in carried.answers.values()
        )
        if silent:
            self._pauses.setdefault(destination, Pause()).prolong()
        else:
            self._pauses.pop(destination, None)


def _receipt(parcel: Parcel, answer: Answer, sent_to: str | None) -> Receipt:
    chance = random.random()  # noqa: S311 - spreads load, guards nothing.
    return Receipt(parcel, answer, sent_to, next_wait(answer, parcel.attempt, chance))


async def _settle(receipts: Sequence[Receipt], uow: UnitOfWork) -> None:
    await deliveries.settle(uow.connection, receipts)
    gone = {one.parcel.unit for one in receipts if one.answer.outcome is Outcome.GONE}
    if gone:
        await deliveries.disable_endpoints(uow.connection, gone)
    uow.after_commit(lambda: _count(receipts))


def _count(receipts: Sequence[Receipt]) -> None:
    now = datetime.now(UTC)
    for one in receipts:
        channel, outcome = one.parcel.channel, one.answer.outcome
        given_up = outcome is Outcome.RETRY and one.wait_seconds is None
        counted = "given_up" if given_up else str(outcome)
        telemetry.DELIVERIES.labels(channel=channel, outcome=counted).inc()
        if outcome is Outcome.DELIVERED:
            seconds = (now - one.parcel.created_at).total_seconds()
            telemetry.DELIVERY_SECONDS.labels(channel=channel).observe(seconds)


def _channel_of(destination: str) -> Channel:
    return Channel(destination.partition("/")[0])
